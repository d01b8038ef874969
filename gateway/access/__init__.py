"""What stands in front of every endpoint: whose calls are answered at all."""
