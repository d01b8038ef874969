"""From JSON schemas to grammars that force the model's output to match them."""
