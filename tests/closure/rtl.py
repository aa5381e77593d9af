"""The designs of this folder: small, with points that are known to be hard or out of reach."""

from __future__ import annotations

from pathlib import Path

from llm4cov_engine.design.design import Design, SourceFile

FOLDER = Path(__file__).parent / "designs"

NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.sv")))


def design(name: str, **more: object) -> Design:
    """The design in `name`.sv, whose top has the same name."""
    text = (FOLDER / f"{name}.sv").read_text()
    return Design(name, (SourceFile(f"{name}.sv", text),), top=name, **more)  # type: ignore[arg-type]
