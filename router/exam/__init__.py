"""The entrance exam: items that our own code makes from seeds, and what a model's answers to them tell of it."""
