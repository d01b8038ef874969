"""The configuration: its sections, its sources, and the servers that secrets may be sent to."""
