"""Verilator's coverage.dat, read into a `Coverage`.

The file is text: a header, then one line `C '<keys>' <count>` per point, keys and values set apart by the
bytes 1 and 2 (`VerilatedCovImp::write` in Verilator's runtime). It must have been written with
`forcePerInstance(true)`, so that every point carries the hierarchical path it belongs to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.layout import NoCoverageError, Record, lay_out, record

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage

_HEADER = b"# SystemC::Coverage-"

# The runtime writes a character it cannot print as %XX, a byte above 127 as %FFFFFFXX (a signed char).
_QUOTED = re.compile(r"(?:%(?:FFFFFF)?[0-9A-F]{2})+")
_QUOTED_BYTE = re.compile(r"%(?:FFFFFF)?([0-9A-F]{2})")


def parse(data: bytes, *, top: str, instance: str, testbench: str = "") -> Coverage:
    """Read the coverage of the DUT out of a coverage.dat; see `lay_out` for what the DUT is.

    Args:
        data: the whole file, written with one point per instance.
        top: the DUT's module.
        instance: the name the DUT instance should have.
        testbench: the testbench's file name; points from that file never count, wherever they stand.

    Raises:
        NoCoverageError: the file is damaged, or it has no points of the DUT.
    """
    records, counts = _records(data)
    return lay_out(records, top=top, instance=instance, testbench=testbench).coverage(counts)


def _records(data: bytes) -> tuple[list[Record], list[int]]:
    """The points of the file, and how often each was hit."""
    if not data.startswith(_HEADER):
        raise NoCoverageError("The coverage file is empty or not one of Verilator's.")
    records: list[Record] = []
    counts: list[int] = []
    text = data.decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        try:
            head, _, count = line.rpartition("' ")
            records.append(record(_keys(head), len(counts)))
            counts.append(int(count))
        except (ValueError, KeyError):
            raise NoCoverageError(f"Line {number} of the coverage file is damaged.") from None
    return records, counts


def _keys(head: str) -> dict[str, str]:
    if not head.startswith("C '\x01"):
        raise ValueError(head)
    keys = dict([item.split("\x02", 1) for item in head[4:].split("\x01")])
    return {name: _unquoted(value) for name, value in keys.items()} if "%" in head else keys


def _unquoted(value: str) -> str:
    def character(match: re.Match[str]) -> str:
        codes = _QUOTED_BYTE.findall(match.group())
        return bytes(int(code, 16) for code in codes).decode("utf-8", "replace")

    return _QUOTED.sub(character, value)
