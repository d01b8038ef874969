"""Anthropic's Messages API, put over the chat format: one file for each direction and each part of it."""
