"""Responses that callers may refer to later: kept encrypted, for a limited time, and in a limited space."""
