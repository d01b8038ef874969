"""What requests cost, and what may be spent on the cloud."""
