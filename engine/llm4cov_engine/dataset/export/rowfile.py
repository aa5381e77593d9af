"""A file of JSON lines that is there whole or not at all, and the same for the same rows."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.errors import StorageError
from llm4cov_engine.policy.chat.completion import mended

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class RowFile:
    """Takes rows one by one; the file takes its name when the block is left in good order.

    Attributes:
        path: the file.
        rows: how many were written.
        size: bytes written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.size = 0
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        except OSError as error:
            raise self._explained(error) from error
        self._draft = Path(name)
        self._file = os.fdopen(handle, "wb")
        return self

    def write(self, row: dict[str, Any]) -> None:
        """Add a row.

        Raises:
            StorageError: the disk does not take it.
        """
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        self.write_line(mended(text).encode())

    def write_line(self, line: bytes) -> None:
        """Add a row that is JSON already, without its line end.

        Raises:
            StorageError: the disk does not take it.
        """
        data = line + b"\n"
        try:
            self._file.write(data)
        except OSError as error:
            raise self._explained(error) from error
        self._hash.update(data)
        self.rows += 1
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """Of what has been written."""
        return self._hash.hexdigest()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                if kind is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())
            if kind is None:
                self._draft.chmod(0o644)
                self._draft.replace(self.path)
        except OSError as failure:
            raise self._explained(failure) from failure
        finally:
            with suppress(OSError):
                self._draft.unlink(missing_ok=True)

    def _explained(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self.path} cannot be written: {error.strerror or error}.",
            "Check its rights and the free space of its disk, or name another folder.",
        )


def sha256_of(path: Path) -> str:
    """Of a file's content, "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
