"""Text from outside and secrets: what may be logged, stored and passed on."""
