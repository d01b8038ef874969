"""The audit chain: what left this machine, what stayed, and who changed what; a deleted entry shows."""
