"""Preprocessing of a conversation, and the features computed from it."""
