"""Limits by key: requests and tokens a minute, requests in progress, and caps on single requests."""
