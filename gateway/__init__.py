"""The HTTP face: endpoints, dispatcher, ledger, dashboard, settings and the command line."""
