"""The exam as it is run."""
