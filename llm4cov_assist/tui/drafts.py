"""Texts that were edited and not saved, kept so that nothing is lost when the terminal dies."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine import Workbench


@dataclass(frozen=True, slots=True)
class Draft:
    """An edited text.

    Attributes:
        name: file name of the testbench.
        text: as it was typed.
        base: the text it was made from, to tell whether there is anything to keep.
        path: file it is saved to, "" for none yet.
    """

    name: str
    text: str
    base: str
    path: str = ""


class Drafts:
    """Drafts of one design, in a file that only its user can read, beside the store of sessions."""

    def __init__(self, folder: Path, key: str) -> None:
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._path = folder / "drafts" / f"{name}.json"

    @classmethod
    def of(cls, workbench: Workbench) -> Drafts:
        """The drafts of the design a workbench is about: its top and where it lies."""
        design = workbench.design
        return cls(workbench.store.path.parent, f"{design.root}\n{design.id}\n{design.top}")

    def keep(self, draft: Draft) -> None:
        """Write a draft, whole or not at all. Blocks.

        A disk that is full must not stop the typing: the next attempt comes with the next pause.
        """
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp makes files that nobody else can read.
            handle, fresh = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(draft), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, self._path)  # noqa: PTH105

    def forget(self) -> None:
        """There is nothing to keep any more. Blocks."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def found(self) -> Draft | None:
        """What an earlier run left. Blocks."""
        try:
            return Draft(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
