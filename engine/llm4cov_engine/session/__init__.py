"""The tree of states and its store."""
