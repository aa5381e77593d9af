"""The examples of the repository, for a first run."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

_PLACES = (Path(__file__).parents[1] / "examples", Path(__file__).parents[2] / "examples")
"""Where they lie in an installed package and in a checkout."""


@dataclass(frozen=True, slots=True)
class Example:
    """An example.

    Attributes:
        title: the first line of its README.
    """

    folder: Path
    title: str


def there() -> tuple[Example, ...]:
    """The examples that can be opened, by name. Blocks."""
    for place in _PLACES:
        found = sorted(path.parent for path in place.glob("*/llm4cov.toml"))
        if found:
            return tuple(Example(folder, _title(folder)) for folder in found)
    return ()


def copied(example: Path, into: Path) -> Path:
    """Copy an example to a new folder, without what was recorded about it here. Blocks.

    Raises:
        OSError: it cannot be copied.
    """
    names = itertools.chain([example.name], (f"{example.name}_{n}" for n in itertools.count(2)))
    folder = next(into / name for name in names if not (into / name).exists())
    shutil.copytree(example, folder, ignore=shutil.ignore_patterns(".*", "recorded"))
    return folder


def _title(folder: Path) -> str:
    try:
        first = (folder / "README.md").read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError:
        return folder.name
    return first.lstrip("# ") or folder.name
