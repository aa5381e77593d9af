"""Makes the C++ that Verilator generated fit for what is compiled here."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from llm4cov_engine.build.storage import storing
from llm4cov_engine.coverage.layout import NoCoverageError
from llm4cov_engine.simulator.counters import registration
from llm4cov_engine.simulator.counters.registration import Registration, UnexpectedTextError

CONVERGE_LIMIT: Final = 9973
"""A number for --converge-limit that is found again in the generated code."""

# `always @(*)` that reads what it writes runs once in an event-driven simulator; Verilator evaluates it until
# nothing changes any more and ends the simulation when that takes too long. Instead the time slot is left as
# it is, and the driver counts it. A loop of #0 delays (the inactive region) still ends the simulation.
_LIMIT_CHECK: Final = f"(0x{CONVERGE_LIMIT:08x}U <"
_GIVE_UP: Final = re.compile(
    r'VL_FATAL_MT\("[^"]*",\s*\d+,\s*"",\s*"DIDNOTCONVERGE: (?:Active|NBA|Settle) [^"]*"\);'
)

# A value for which a `unique if` has no branch deserves a warning (IEEE 1800-2017, 12.4.2); Verilator would
# end the simulation, and has no option for this one.
_UNIQUE_IF: Final = re.compile(
    r"""VL_WRITEF_NX\("[^"]*'unique0? if' statement violated\\n"[^;]*;\s*"""
    r"""VL_STOP_MT\("[^"]*", \d+, "[^"]*"\);"""
)


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated model, ready to be compiled.

    Attributes:
        sources: its C++ files.
        registration: the points whose raw counters are to be written; None when it registers its points
            with the runtime instead.
        unexpected: why it does, where it should not; "" for no reason.
    """

    sources: tuple[Path, ...]
    registration: Registration | None
    unexpected: str = ""


def prepared(
    model: Path, prefix: str, top: str, instance: str, testbench: str, *, counters: bool = True
) -> Generated:
    """Prepare the generated files in place.

    Args:
        model: the folder they are in.
        prefix: the name of the model's class, with which all their names begin.
        top, instance, testbench: as `lay_out` takes them.
        counters: let the raw counters be written instead of registering points, where that is possible.

    Raises:
        StorageError: they cannot be read or written.
    """
    found, unexpected = None, ""
    try:
        found = registration.read(model, prefix) if counters else None
        if found is not None:
            # Read to the last word before anything is thrown away; the layout is kept for when the run ends.
            with suppress(NoCoverageError):
                found.layout(top=top, instance=instance, testbench=testbench)
            registration.remove(model, prefix)
    except UnexpectedTextError as error:
        found, unexpected = None, str(error)
    with storing(model):
        tolerate(model, prefix)
        return Generated(tuple(sorted(model.glob(f"{prefix}*.cpp"))), found, unexpected)


def tolerate(model: Path, prefix: str) -> None:
    """Let a simulation go on where Verilator would end it and other simulators would not."""
    for path in model.glob(f"{prefix}*.cpp"):
        text = path.read_text("utf-8", "surrogateescape")
        changed = _UNIQUE_IF.sub("", text) if " if' statement violated" in text else text
        if "DIDNOTCONVERGE" in changed and _LIMIT_CHECK in changed:
            changed = _GIVE_UP.sub("llm4cov::unsettled(); break;", changed)
            changed = changed.replace(_LIMIT_CHECK, "(llm4cov::settleLimit <")
        if changed is not text:
            path.write_text(changed, "utf-8", "surrogateescape")
