"""How many finished sequences are kept for their prefixes: for the engine, and for who reckons with what it keeps."""

MIN_KEPT = 32
"""Finished sequences that are kept at most, or as many as there are answers at the same time."""

SMALL_ENTRY_CELLS = 256
SMALL_ENTRIES_CELLS = 512
"""Cells that cached sequences with fewer than `SMALL_ENTRY_CELLS` of their own may take together.

Every cell in use slows every step a little (2,048 of them by a tenth), and a short prefix is soon computed again."""
