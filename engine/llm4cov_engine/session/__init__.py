"""The tree of states people and policies make of a design, and the store that keeps it."""
