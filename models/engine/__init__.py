"""The local engine: llama.cpp in a process of its own, with OpenAI's wire format.

`http.server` receives a request, `request` validates it and `prompt` renders and tokenizes it. The scheduler's thread
(`scheduling`) computes it in steps, together with all others. `process.supervisor` starts and watches the process.
"""
