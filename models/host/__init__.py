"""The machine that slimgate runs on: which requests its servers accept, private files, child processes, log lines."""
