"""This machine: who may call a server here, private files, child processes, log lines."""
