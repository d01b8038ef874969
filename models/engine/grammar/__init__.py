"""JSON schemas and tool calls as grammars, written for llguidance."""
