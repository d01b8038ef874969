"""The local engine: llama.cpp in a process of its own, speaking the OpenAI wire format.

A request's way: `server` reads it (`request`), renders it (`template`), counts it, and hands it to the `scheduler`,
whose one thread steps the model for everyone at once. `supervisor` starts the process and watches it.
"""
