"""Search at simulator speed: the verilated DUT with a driver of its own, and stimulus that knows hardware."""

from __future__ import annotations
