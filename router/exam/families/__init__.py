"""A file a family of items: the kinds of request that people send."""
