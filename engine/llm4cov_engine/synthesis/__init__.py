"""Training data by execution: which states are worth repairing, and which repairs are worth learning."""
