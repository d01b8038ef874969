"""What is known of the local model: which one it is, and what its exam has told so far."""
