"""What is kept of a model's exam."""
