"""The caller's end: bodies in, answers out, headers, failures as statuses."""
