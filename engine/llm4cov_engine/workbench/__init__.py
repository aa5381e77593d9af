"""A design being worked on by a person: what the terminal and the editor have in common."""
