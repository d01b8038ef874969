"""The server process: signals, drain, several workers behind one port."""
