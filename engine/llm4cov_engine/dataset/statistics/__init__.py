"""What recorded sessions and datasets hold, in figures."""
