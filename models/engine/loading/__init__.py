"""From a GGUF file to a tested model."""
