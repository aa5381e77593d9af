"""Designs on whose state machines a Verilator fails: remembered, so that the failure is not paid again.

Only failures in the design's own files are remembered. One that a testbench causes must not decide what is
measured for the next testbench of the same design.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from llm4cov_engine.build.storage import write_whole
from llm4cov_engine.digest import digest
from llm4cov_engine.errors import StorageError
from llm4cov_engine.folders import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.build.toolchain import Toolchain
    from llm4cov_engine.design.design import Design


def key(design: Design, toolchain: Toolchain) -> str:
    """Identity of a design under a Verilator."""
    return digest((design.digest, toolchain.verilator.digest))


def is_known(fault: str) -> bool:
    """Whether FSM coverage is known to fail."""
    return _path(fault).exists()


def remember(fault: str) -> None:
    """Remember that FSM coverage fails; forgotten where the cache cannot be written."""
    with suppress(StorageError):
        write_whole(_path(fault), b"")


def _path(fault: str) -> Path:
    return cache_folder() / "faults" / fault
