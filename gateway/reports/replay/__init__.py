"""Replay: past requests, read from logs and exports, are decided again and added up."""
