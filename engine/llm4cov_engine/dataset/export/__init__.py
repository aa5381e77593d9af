"""Sessions as training data, in the formats that trainers read."""
