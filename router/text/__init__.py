"""What is read of a conversation, and what is measured on it."""
