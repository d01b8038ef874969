"""OpenAI's older text completions: passed on to servers that take them, put over the chat format for the others."""
