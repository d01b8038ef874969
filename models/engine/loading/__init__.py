"""From a GGUF file to a model that was tried out."""
