"""Text in, decision out: whether the local model is good enough for a prompt, and why.

Imports neither `gateway` nor `models`, speaks no HTTP and runs no language model.
"""
