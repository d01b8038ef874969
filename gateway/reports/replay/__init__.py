"""What would have become of requests that are past: read from logs and exports, decided again, added up."""
