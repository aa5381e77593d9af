"""The launcher: a small program of our own, compiled once per machine and compiler."""

from __future__ import annotations

import os
import uuid
from importlib import resources
from typing import TYPE_CHECKING, Final

from llm4cov_engine.digest import digest
from llm4cov_engine.errors import ToolError
from llm4cov_engine.files import write_text
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import in_thread, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NAME: Final = "launcher"

_COMPILE_SECONDS: Final = 60.0


async def prepare_launcher(compiler: Path, flags: Sequence[str], environment: Mapping[str, str]) -> Path:
    """The launcher's program, compiled now if it never was.

    Args:
        compiler: of C++20.
        flags: that make it one.
        environment: what the compiler sees.

    Raises:
        ToolError: it does not compile here: another system than Linux, or an unknown processor.
        StorageError: the cache folder cannot be written.
    """
    text = resources.files("llm4cov_engine.sandbox").joinpath("launcher.cpp").read_text("utf-8")
    folder = cache_folder() / "launchers" / digest((text, str(compiler), *flags))[:32]
    program = folder / NAME
    if os.access(program, os.X_OK):
        return program
    # Compiled under a name of its own and moved: two processes may do this at once.
    draft = f"{NAME}-{uuid.uuid4().hex}"
    await in_thread(lambda: write_text(folder / "launcher.cpp", text))
    done = await run(
        compiler,
        [*flags, "-O1", "-w", "launcher.cpp", "-o", draft],
        folder=folder,
        environment=environment,
        deadline=_COMPILE_SECONDS,
    )
    if not done.ok:
        reason = " ".join(done.output.split())[:300]
        raise ToolError(
            f"The sandbox's launcher does not compile: {reason}", "Check the C++ compiler, or update Linux."
        )
    await in_thread(lambda: (folder / draft).replace(program))
    return program
