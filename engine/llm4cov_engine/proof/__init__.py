"""Which coverage points no testbench can reach, and inputs that reach the others, by model checking."""
