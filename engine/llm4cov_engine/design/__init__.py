"""From what a user names to a `Design`."""
