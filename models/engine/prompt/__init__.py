"""From messages and tools to the prompt, and from the model's text to tool calls."""
