"""The engine's HTTP face, in plain ASGI."""
