"""What an answer says, and whether that is right."""
