"""The sections of the configuration, `[local]`, `[cloud]`, `[router]` and so on: each setting with its meaning.

`gateway.config.settings` reads and joins them.
"""
