"""Arithmetic over the ledger: savings, latency, what another threshold would mean."""
