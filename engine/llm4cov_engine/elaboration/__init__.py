"""What the RTL says of itself, by pyslang."""
