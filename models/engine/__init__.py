"""The local engine: llama.cpp in a process of its own, speaking the OpenAI wire format.

A request's way: `http.server` reads it (`request`), renders it (`prompt`), counts it, and hands it to the scheduler
(`scheduling`), whose one thread steps the model for everyone at once. `process.supervisor` starts the process and
watches it.
"""
