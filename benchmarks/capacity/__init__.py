"""What many requests a second take: a simulation of engines, and arithmetic for the rest."""
