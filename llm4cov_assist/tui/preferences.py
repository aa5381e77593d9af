"""What a person chose for all projects: kept from start to start in the user's configuration folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from llm4cov_assist.tui.themes import DARK, INKS
from llm4cov_engine import Llm4CovError, user_settings_file, write_text

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen.

    Attributes:
        theme: one of the two.
    """

    theme: str = DARK

    @classmethod
    def found(cls) -> Preferences:
        """What was chosen earlier, the defaults where nothing was or nothing can be read. Blocks."""
        try:
            theme = json.loads(_path().read_text(encoding="utf-8"))["theme"]
        except (OSError, ValueError, LookupError, TypeError):
            return cls()
        return cls(theme) if theme in INKS else cls()

    def keep(self) -> None:
        """Keep it; where that cannot be done, it holds until the end. Blocks."""
        with suppress(OSError, Llm4CovError):
            _path().parent.mkdir(parents=True, exist_ok=True)
            write_text(_path(), json.dumps(asdict(self)))


def _path() -> Path:
    # Beside the settings, not in them: a file that a person writes is no place to write into.
    return user_settings_file().with_name("tui.json")
