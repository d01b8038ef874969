"""Who answers a request: the decision, the call, the fallback."""
