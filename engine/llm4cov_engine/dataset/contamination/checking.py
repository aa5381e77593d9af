"""Checking a whole dataset against the designs to be judged by; it goes on where it was stopped."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.dataset.contamination.documents import document
from llm4cov_engine.dataset.contamination.index import THRESHOLD
from llm4cov_engine.dataset.contamination.rouge import Tokenization
from llm4cov_engine.dataset.contamination.workers import comparing
from llm4cov_engine.dataset.entry import Entry, Skipped
from llm4cov_engine.dataset.progress import Advance, Tell, silent
from llm4cov_engine.dataset.sources import HubOptions, entries, short_name
from llm4cov_engine.digest import digest
from llm4cov_engine.errors import NoDesignError, StorageError
from llm4cov_engine.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.dataset.contamination.index import Document, Match

PAIRS = "pairs.jsonl"
REPORT = "report.json"
STATE = "progress.json"


@dataclass(frozen=True)
class ContaminationRequest:
    """What is compared with what.

    Attributes:
        train: dataset to be checked; see `dataset.sources.entries`.
        against: dataset to be judged by.
        folder: for the report and for going on after a stop.
        threshold: least similarity, in (0, 1].
        tokens: what counts as one.
        jobs: processes.
        hub: which part of a training set of the hub.
        judged_hub: likewise of the other one.
    """

    train: str
    against: str
    folder: Path
    threshold: float = THRESHOLD
    tokens: Tokenization = Tokenization.WHITESPACE
    jobs: int = 1
    hub: HubOptions | None = None
    judged_hub: HubOptions | None = None


@dataclass(frozen=True)
class Contamination:
    """What a check came to.

    Attributes:
        document: as report.json holds it: counts and every pair.
        unfit: places of the rows of the training set that are contaminated or unusable, from 1.
    """

    document: dict[str, Any]
    unfit: frozenset[int]


def check_contamination(request: ContaminationRequest, tell: Tell = silent) -> Contamination:
    """Compare every design of a dataset with those to be judged by, and write the report.

    What has been compared when the work is stopped is not compared again.

    Raises:
        NoDesignError: a dataset is not there, or none is to be judged by.
        StorageError: a file cannot be read or written.
        ToolError: the hub refuses.
    """
    judged = [
        document(each) for each in entries(request.against, request.judged_hub) if isinstance(each, Entry)
    ]
    if not judged:
        raise NoDesignError(
            f"{short_name(request.against)} holds no design to be judged by.", "Name another dataset."
        )
    journal = _Journal(request, judged)
    checked = journal.begin()
    skipped: list[Skipped] = []
    tell(Advance("designs", checked, 0))
    with comparing((tuple(judged), request.tokens, request.threshold), request.jobs) as compare:
        waiting = islice(_documents(request, skipped), checked, None)
        for found in compare(waiting):
            checked += len(found)
            journal.keep(found, checked)
            tell(Advance("designs", checked, 0, f"{journal.contaminated} contaminated"))
    return journal.finish(judged, checked, skipped)


def _documents(request: ContaminationRequest, skipped: list[Skipped]) -> Iterator[Document]:
    for each in entries(request.train, request.hub):
        if isinstance(each, Skipped):
            skipped.append(each)
        else:
            yield document(each)


class _Journal:
    """Pairs on the disk, and how far the comparison has come."""

    def __init__(self, request: ContaminationRequest, judged: list[Document]) -> None:
        self._request = request
        self._path = request.folder / PAIRS
        self._state = request.folder / STATE
        self._fingerprint = digest(
            (
                *_identity(request.train),
                request.tokens.value,
                repr(request.threshold),
                *(part for each in judged for part in (each.id, *(file.text for file in each.files))),
            )
        )
        self.contaminated = 0

    def begin(self) -> int:
        """How many designs have been compared already; what was half written is cut off."""
        state = _json(self._state)
        checked = kept = 0
        if isinstance(state, dict) and state.get("fingerprint") == self._fingerprint:
            checked, kept = int(state["checked"]), int(state["bytes"])
            self.contaminated = int(state["contaminated"])
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                if file.tell() < kept:
                    checked = kept = self.contaminated = 0
                file.truncate(kept)
        except OSError as error:
            raise _unwritable(self._path, error) from error
        return checked

    def keep(self, found: list[tuple[Document, list[Match]]], checked: int) -> None:
        """Store what was found, then how far that goes."""
        lines = [_pair(each, match) for each, matches in found for match in matches]
        self.contaminated += sum(bool(matches) for _, matches in found)
        try:
            with self._path.open("ab") as file:
                file.write("".join(json.dumps(line) + "\n" for line in lines).encode())
                kept = file.tell()
        except OSError as error:
            raise _unwritable(self._path, error) from error
        state = {
            "fingerprint": self._fingerprint,
            "checked": checked,
            "contaminated": self.contaminated,
            "bytes": kept,
        }
        write_text(self._state, json.dumps(state) + "\n")

    def finish(self, judged: list[Document], checked: int, skipped: list[Skipped]) -> Contamination:
        """Write the report."""
        request = self._request
        pairs = [json.loads(line) for line in self._path.read_text("utf-8").splitlines()]
        pairs.sort(key=lambda pair: (-pair["similarity"], pair["line"], pair["judged"]))
        report = {
            "train": short_name(request.train),
            "against": short_name(request.against),
            "measure": "ROUGE-L F-measure",
            "tokens": request.tokens.value,
            "threshold": request.threshold,
            "checked": checked,
            "judged": len(judged),
            "skipped": dict(Counter(each.reason.value for each in skipped)),
            "contaminated": len({pair["line"] for pair in pairs}),
            "pairs": pairs,
        }
        write_text(request.folder / REPORT, json.dumps(report, indent=1) + "\n")
        unfit = {pair["line"] for pair in pairs} | {each.line for each in skipped}
        return Contamination(report, frozenset(unfit))


def _pair(each: Document, match: Match) -> dict[str, Any]:
    return {
        "train": each.id,
        "line": each.line,
        "file": match.file,
        "judged": match.judged,
        "judged_file": match.judged_file,
        "similarity": round(match.similarity, 6),
    }


def _identity(name: str) -> tuple[str, ...]:
    """Of a dataset, without reading it: a file that was changed is another one."""
    path = Path(name).expanduser()
    try:
        status = path.stat()
    except OSError:
        return (name,)
    return (name, str(status.st_size), str(status.st_mtime_ns))


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path} cannot be written: {error.strerror or error}.",
        "Check its rights and the free space of its disk, or name another folder with -o.",
    )


def contaminated_ids(report: Path) -> frozenset[str]:
    """Ids of the contaminated designs that a report.json lists.

    Raises:
        StorageError: it is no such report.
    """
    document = _json(report)
    try:
        return frozenset(str(pair["train"]) for pair in document["pairs"])  # type: ignore[index]
    except (KeyError, TypeError) as error:
        raise StorageError(
            f"{report} is no report of a contamination check.", "Name the report.json that one wrote."
        ) from error


def write_clean(source: Path, unfit: frozenset[int], path: Path) -> int:
    """Copy the rows of a JSONL dataset but the unfit ones, byte for byte; returns how many.

    Raises:
        StorageError: a file cannot be read or written.
    """
    from llm4cov_engine.dataset.export.rowfile import RowFile

    kept = 0
    with RowFile(path) as file:
        try:
            with source.open("rb") as stream:
                for number, line in enumerate(stream, start=1):
                    if number not in unfit and line.strip():
                        file.write_line(line.rstrip(b"\r\n"))
                        kept += 1
        except OSError as error:
            raise StorageError(
                f"{source} cannot be read: {error.strerror or error}.", "Check that it is there and readable."
            ) from error
    return kept
