"""Makes text from outside safe to log, store and pass on: one line, no secrets."""
