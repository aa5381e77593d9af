"""Sim(R, x) on a local Verilator."""
