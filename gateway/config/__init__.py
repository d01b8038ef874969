"""The configuration: its sections, where it is read from, which secrets may go where."""
