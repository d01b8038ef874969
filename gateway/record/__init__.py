"""One request from arrival to its row, and who is told of it: ledger, metrics, traces, log."""
