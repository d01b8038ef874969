"""The entrance exam as it is run: what is examined, who asks it when, and what is kept of it."""
