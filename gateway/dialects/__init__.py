"""API shapes that answer: each is put over the chat format, in which everything inside speaks."""
