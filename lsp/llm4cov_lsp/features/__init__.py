"""What the server can do, a module per feature: pure functions from records to the protocol's objects."""
