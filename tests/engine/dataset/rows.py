"""Rows of datasets for tests, and files of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INVERTER = "module inverter(input a, output y);\n  assign y = ~a;\nendmodule\n"
PAIR = (
    INVERTER
    + "module pair(input a, output y);\n  wire b;\n  inverter u0(a, b);\n  inverter u1(b, y);\nendmodule\n"
)
TWO_TOPS = INVERTER + "module buffer(input a, output y);\n  assign y = a;\nendmodule\n"


def row(identity: str = "one", rtl: str = INVERTER, top: str = "inverter", **more: Any) -> dict[str, Any]:
    """A row of a plain collection."""
    return {"id": identity, "top": top, "rtl_files": [{"name": "rtl/dut.sv", "content": rtl}], **more}


def codev(number: int | str, rtl: str = INVERTER) -> dict[str, Any]:
    """A row as CodeV-R1 has them."""
    return {
        "problem_id": number,
        "question": [
            {"role": "system", "content": "You are a helpful engineer."},
            {"role": "user", "content": "Write an inverter."},
        ],
        "ground_truth": [{"role": "assistant", "content": rtl}],
    }


def verithoughts(rtl: str = INVERTER, *, verified: bool = True) -> dict[str, Any]:
    """A row as VeriThoughts has them."""
    return {"question": "Write an inverter.", "ground_truth": rtl, "verified": verified, "reasoning": "..."}


def write(path: Path, rows: Iterable[object]) -> Path:
    """A JSONL file; texts and bytes stand in it as they are."""
    lines = [
        each if isinstance(each, bytes) else (each if isinstance(each, str) else json.dumps(each)).encode()
        for each in rows
    ]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path
