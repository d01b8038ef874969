"""This machine: which requests its servers accept, private files, child processes, log lines."""
