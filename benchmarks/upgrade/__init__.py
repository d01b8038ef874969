"""Gateways behind nginx are replaced by another version, one at a time and back again, while callers stream."""
