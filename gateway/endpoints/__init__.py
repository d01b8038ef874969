"""One file an endpoint. The objects are called `endpoints`, since `router` is a package here."""
