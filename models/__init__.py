"""The language models: the wire types, the backends that speak them, and the engine process.

Imports neither `gateway` nor `router`.
"""
