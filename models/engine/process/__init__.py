"""The engine's child process, and the supervisor that starts, watches and restarts it."""
