"""Text in, decision out: whether the local model will do for a prompt, and why.

Imports neither `gateway` nor `models`, speaks no HTTP and runs no language model.
"""
