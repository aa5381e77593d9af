"""The box untrusted code runs in: no network, no home, nothing written but its own folder."""
