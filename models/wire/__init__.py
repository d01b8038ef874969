"""The OpenAI wire format: requests, events, streams and errors; and the `Backend` protocol."""
