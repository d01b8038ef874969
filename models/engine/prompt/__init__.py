"""From messages and tools to the text that the model reads, and tool calls back out of what it writes."""
