"""Gateways over one PostgreSQL and one Redis, everything around them broken at random, and what must hold."""
