"""Who proposes testbenches."""
