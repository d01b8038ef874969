"""The OpenAI wire format: requests, events, streams, errors, and the `Backend` protocol."""
