"""Access checks in front of every endpoint."""
