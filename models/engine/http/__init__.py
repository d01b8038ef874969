"""The engine's HTTP server, in plain ASGI."""
