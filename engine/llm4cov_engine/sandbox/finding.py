"""Finds the strongest box this machine offers, by trying it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from llm4cov_engine.errors import Llm4CovError, ToolError
from llm4cov_engine.files import write_text
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import in_thread
from llm4cov_engine.sandbox.access import Access
from llm4cov_engine.sandbox.box import Box, Kind
from llm4cov_engine.sandbox.launcher import prepare_launcher

AUTO: Final = "auto"
REQUIRE: Final = "require"
OFF: Final = "off"

REMEDY: Final = (
    "Install bubblewrap (`apt install bubblewrap`, `dnf install bubblewrap`), or use a Linux "
    "with Landlock (5.13 or newer)."
)

_PROBE_SECONDS: Final = 20.0
_PROBE: Final = '{ read -r line < "$1"; } 2>/dev/null && echo open; echo in > inside && echo boxed'


@dataclass(frozen=True, slots=True)
class Builder:
    """The C++ compiler that compiles the launcher.

    Attributes:
        flags: that make it compile C++20.
        environment: what it sees.
    """

    program: Path
    flags: tuple[str, ...]
    environment: Mapping[str, str]


_found: dict[tuple[Path, Path], Box] = {}


async def find_box(wanted: str, builder: Builder) -> Box:
    """The strongest box there is; the answer is kept for the life of this process.

    Args:
        wanted: AUTO takes limits alone where there is nothing better, REQUIRE does not, OFF asks for them.

    Raises:
        ToolError: a box is required and there is none.
    """
    if wanted == OFF:
        return Box(Kind.LIMITS, why="it is switched off")
    key = (cache_folder(), builder.program)
    if key not in _found:
        _found[key] = await _strongest(builder)
    box = _found[key]
    if wanted == REQUIRE and box.kind is Kind.LIMITS:
        raise ToolError(f"A sandbox is required and there is none: {box.why}.", REMEDY)
    return box


async def boxes(builder: Builder) -> tuple[Box, ...]:
    """Every box that works on this machine, the strongest first; limits alone are always there."""
    working = [box for box in await _candidates(builder) if not await _trouble(box)]
    lands = any(box.kind is Kind.LANDLOCK for box in working)
    return (*(replace(box, lands=lands) for box in working), Box(Kind.LIMITS, why="it was asked for"))


async def _candidates(builder: Builder) -> list[Box]:
    launcher = await prepare_launcher(builder.program, builder.flags, builder.environment)
    bubblewrap = shutil.which("bwrap")
    landlock = Box(Kind.LANDLOCK, launcher)
    return [Box(Kind.BUBBLEWRAP, launcher, Path(bubblewrap)), landlock] if bubblewrap else [landlock]


async def _strongest(builder: Builder) -> Box:
    try:
        candidates = await _candidates(builder)
    except Llm4CovError as error:
        return Box(Kind.LIMITS, why=error.what.rstrip("."))
    troubles = []
    for box in candidates:
        trouble = await _trouble(box)
        if not trouble:
            lands = box.kind is Kind.LANDLOCK or not await _trouble(candidates[-1])
            return replace(box, lands=lands)
        troubles.append(f"{box.kind} does not work ({trouble})")
    return Box(Kind.LIMITS, why=" and ".join(troubles))


async def _trouble(box: Box) -> str:
    """Why a box cannot be used; "" for one that hides what is outside its folder."""
    folder = cache_folder() / "probes" / uuid.uuid4().hex
    outside, inside = folder / "outside" / "secret", folder / "inside"
    try:
        await in_thread(lambda: write_text(outside, "seen\n"))
        await in_thread(lambda: write_text(inside / "own", ""))
        done = await box.run(
            Path("/bin/sh"),
            ["-c", _PROBE, "sh", str(outside)],
            folder=inside,
            access=Access(writable=(inside,)),
            deadline=_PROBE_SECONDS,
        )
    except Llm4CovError as error:
        return error.what.rstrip(".")
    finally:
        await in_thread(lambda: shutil.rmtree(folder, ignore_errors=True))
    if done.output == "boxed\n":
        return ""
    return " ".join(done.output.split())[:200] or f"exit code {done.code}"
