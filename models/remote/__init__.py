"""The client for every server that speaks the OpenAI API, with limits, retries and a circuit breaker around it."""
