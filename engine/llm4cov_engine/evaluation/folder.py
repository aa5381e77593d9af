"""Where an evaluation is kept: its configuration, a line per finished sample, and the sessions of all rounds.

A sample's line is on the disk before the next sample of its kind begins, and the line is what counts: a run
that is killed at any moment has lost the samples that were under way and nothing else, and the next run in
the folder begins these anew.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter, ValidationError

from llm4cov_engine.errors import SettingsError, StorageError
from llm4cov_engine.evaluation.configuration import Configuration
from llm4cov_engine.evaluation.sample import Sample
from llm4cov_engine.files import claimed, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = 1
ABOUT, SAMPLES, SESSIONS = "evaluation.json", "samples.jsonl", "sessions.db"

_SAMPLE = TypeAdapter(Sample)


@dataclass(frozen=True)
class About:
    """What an evaluation is, and how many samples of each task were asked for."""

    configuration: Configuration
    samples: int
    skipped: dict[str, int]


_ABOUT = TypeAdapter(About)


class EvaluationFolder:
    """A folder with one evaluation in it.

    Attributes:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def sessions(self) -> Path:
        """File of the session store."""
        return self.path / SESSIONS

    def holds_one(self) -> bool:
        """Whether an evaluation is kept here."""
        return (self.path / ABOUT).is_file()

    def about(self) -> About:
        """What is evaluated here.

        Raises:
            StorageError: there is no evaluation, or it cannot be read.
        """
        path = self.path / ABOUT
        try:
            document = json.loads(path.read_text("utf-8"))
            if document.get("schema") != SCHEMA:
                raise StorageError(
                    f"{self.path} was written by another version of llm4cov-assist.",
                    "Read it with that version, or choose another folder with -o.",
                )
            return _ABOUT.validate_python(document["about"])
        except OSError as error:
            raise StorageError(
                f"{self.path} holds no evaluation: {error.strerror or error}.",
                "Name a folder that `llm4cov eval` wrote.",
            ) from error
        except (ValueError, KeyError, AttributeError) as error:
            raise StorageError(
                f"{path} is damaged.", "Choose another folder with -o, or delete this one."
            ) from error

    def begin(self, about: About) -> None:
        """Keep what is evaluated; an evaluation that is here already goes on if it is the same.

        More samples may be asked for than before; fewer leave those there are.

        Raises:
            SettingsError: something else is evaluated here.
            StorageError: the folder cannot be read or written.
        """
        if self.holds_one():
            kept = self.about()
            if kept.configuration.fingerprint != about.configuration.fingerprint:
                different = "; ".join(about.configuration.differences(kept.configuration)[:4])
                raise SettingsError(
                    f"{self.path} holds another evaluation ({different}).",
                    "Choose another folder with -o: samples of different settings are not mixed.",
                )
            about = About(kept.configuration, max(kept.samples, about.samples), about.skipped)
        document = {
            "schema": SCHEMA,
            "fingerprint": about.configuration.fingerprint,
            "about": _ABOUT.dump_python(about, mode="json"),
        }
        write_text(self.path / ABOUT, json.dumps(document, indent=1, ensure_ascii=False) + "\n")

    @contextmanager
    def claimed(self) -> Iterator[Self]:
        """Keep other processes out, and cut off what a killed one had half written.

        Raises:
            BusyError: another process is at work here.
            StorageError: the folder cannot be written.
        """
        with claimed(self.path, "Another evaluation"):
            self._mend()
            yield self

    def append(self, sample: Sample) -> None:
        """Keep a sample; it is safely on the disk when this returns.

        Raises:
            StorageError: it could not be written; what was kept before is untouched.
        """
        line = json.dumps(_SAMPLE.dump_python(sample, mode="json"), separators=(",", ":")) + "\n"
        path = self.path / SAMPLES
        try:
            is_new = not path.exists()
            with path.open("ab") as file:
                end = file.tell()
                try:
                    file.write(line.encode("ascii"))
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    # A full disk must not leave half a line for the next one to be appended to.
                    with suppress(OSError):
                        os.ftruncate(file.fileno(), end)
                    raise
            if is_new:
                _sync_folder(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def samples(self) -> dict[tuple[str, int], Sample]:
        """Every finished sample by task and number; of a repeated one the last counts.

        Raises:
            StorageError: they cannot be read, or a line is damaged.
        """
        path = self.path / SAMPLES
        found: dict[tuple[str, int], Sample] = {}
        try:
            lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
        except OSError as error:
            raise StorageError(
                f"{path} cannot be read: {error.strerror or error}.", "Check its rights."
            ) from error
        # What stands behind the last line end is being written, or was when the process was killed.
        for number, line in enumerate(lines[:-1], start=1):
            try:
                sample = _SAMPLE.validate_json(line)
            except ValidationError as error:
                raise StorageError(
                    f"{path}:{number} is damaged.", "Delete the line: its sample is then taken again."
                ) from error
            found[sample.key] = sample
        return found

    def _mend(self) -> None:
        path = self.path / SAMPLES
        try:
            if not path.exists():
                return
            with path.open("rb+") as file:
                data = file.read()
                whole = data.rfind(b"\n") + 1
                if whole < len(data):
                    file.truncate(whole)
                    os.fsync(file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self.path} cannot be written: {error.strerror or error}.",
            "Check its rights and the free space of its disk, or choose another folder with -o.",
        )


def _sync_folder(path: Path) -> None:
    """Make a new file's name durable too."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
