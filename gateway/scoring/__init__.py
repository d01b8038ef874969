"""The active classifier and the active threshold, and the prompt that they score."""
