"""The classifier and the threshold in force, and what they look at."""
