"""The usage of an answer, as providers report it, and its price."""
