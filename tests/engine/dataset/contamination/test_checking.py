"""Whole datasets: on several cores, stopped and gone on with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.dataset.contamination import workers
from llm4cov_engine.dataset.contamination.checking import (
    PAIRS,
    Contamination,
    ContaminationRequest,
    check_contamination,
    contaminated_ids,
    write_clean,
)
from llm4cov_engine.dataset.export.exporting import ExportRequest, export_sessions
from llm4cov_engine.dataset.export.formats import ExportFormat
from llm4cov_engine.dataset.progress import Advance, silent
from llm4cov_engine.errors import NoDesignError, StorageError
from llm4cov_engine.session.store import SessionStore
from tests.engine.dataset.export.stories import RTL, story

if TYPE_CHECKING:
    from pathlib import Path


def rtl(number: int, length: int = 40) -> str:
    lines = [f"  w{number}_{line}<=a{number}[{line}]; // {number}.{line}" for line in range(length)]
    return "\n".join([f"module m{number};", *lines, "endmodule\n"])


def write(path: Path, texts: dict[str, str], spec: str = "") -> Path:
    lines = []
    for name, text in texts.items():
        row: dict[str, object] = {"id": name, "top": "m", "rtl_files": [{"name": "m.sv", "content": text}]}
        if spec:
            row["spec_files"] = [{"name": "spec.md", "content": spec}]
        lines.append(json.dumps(row) + "\n")
    path.write_text("".join(lines))
    return path


@pytest.fixture
def request_(tmp_path: Path) -> ContaminationRequest:
    copy = rtl(3).replace("<=", "=", 5)
    train = {f"t{number}": rtl(number) for number in range(10, 40)} | {"copy": copy, "same": rtl(4)}
    judged = {f"j{number}": rtl(number) for number in range(6)}
    return ContaminationRequest(
        str(write(tmp_path / "train.jsonl", train)),
        str(write(tmp_path / "judged.jsonl", judged)),
        tmp_path / "out",
    )


def pairs(found: Contamination) -> set[tuple[str, str]]:
    return {(pair["train"], pair["judged"]) for pair in found.document["pairs"]}


def test_it_finds_the_copies(request_: ContaminationRequest) -> None:
    found = check_contamination(request_)
    assert pairs(found) == {("copy", "j3"), ("same", "j4")}
    assert found.document["checked"] == 32
    assert found.unfit == {31, 32}
    report = json.loads((request_.folder / "report.json").read_text())
    assert report == found.document
    assert (report["tokens"], report["threshold"]) == ("whitespace", 0.5)
    assert contaminated_ids(request_.folder / "report.json") == {"copy", "same"}
    with pytest.raises(StorageError, match="is no report"):
        contaminated_ids(request_.folder / PAIRS)
    assert report["pairs"][0]["similarity"] == 1.0


def test_documents_count_as_published(tmp_path: Path) -> None:
    train = write(tmp_path / "a.jsonl", {"a": rtl(1)}, spec="this very special machine counts sheep at night")
    judged = write(tmp_path / "b.jsonl", {"b": rtl(2)}, spec="this very special machine counts sheep by day")
    found = check_contamination(ContaminationRequest(str(train), str(judged), tmp_path / "out"))
    (pair,) = found.document["pairs"]
    assert (pair["file"], pair["judged_file"]) == ("spec.md", "spec.md")


@pytest.mark.parametrize("kind", ExportFormat)
def test_training_examples_are_held_against_designs(kind: ExportFormat, tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        story(store)
        count = export_sessions([store], ExportRequest((kind,)), tmp_path / "rows").rows[kind.value]
    examples = tmp_path / "rows" / f"{kind.value}.jsonl"
    for name, text in (("same", RTL.format(name="flop")), ("another", rtl(1))):
        judged = write(tmp_path / f"{name}.jsonl", {name: text})
        found = check_contamination(ContaminationRequest(str(examples), str(judged), tmp_path / name))
        assert found.document["checked"] == count > 0
        assert len(found.unfit) == (count if name == "same" else 0)


def test_an_example_that_shows_no_rtl_is_a_broken_row(tmp_path: Path) -> None:
    (tmp_path / "chat.jsonl").write_text('{"messages": [{"role": "user", "content": "How are you?"}]}\n')
    judged = write(tmp_path / "b.jsonl", {"b": rtl(2)})
    found = check_contamination(ContaminationRequest(str(tmp_path / "chat.jsonl"), str(judged), tmp_path))
    assert (found.document["checked"], found.document["skipped"]) == (0, {"broken row": 1})


def test_several_processes_find_the_same(request_: ContaminationRequest, tmp_path: Path) -> None:
    from dataclasses import replace

    alone = check_contamination(request_)
    many = check_contamination(replace(request_, folder=tmp_path / "many", jobs=2))
    assert alone == many
    assert (request_.folder / PAIRS).read_bytes() == (tmp_path / "many" / PAIRS).read_bytes()


def test_stopped_it_goes_on(request_: ContaminationRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CHUNK", 4)
    steps: list[int] = []

    def stop(advance: Advance) -> None:
        steps.append(advance.done)
        if len(steps) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_contamination(request_, stop)
    assert steps == [0, 4, 8, 12]
    # Half a line, as a killed process may leave it.
    with (request_.folder / PAIRS).open("ab") as file:
        file.write(b'{"train": "t')
    steps.clear()
    found = check_contamination(request_, lambda advance: steps.append(advance.done))
    assert steps[0] == 12
    assert pairs(found) == {("copy", "j3"), ("same", "j4")}
    # Another question begins anew.
    from dataclasses import replace

    steps.clear()
    check_contamination(replace(request_, threshold=0.9), lambda advance: steps.append(advance.done))
    assert steps[0] == 0


def test_the_clean_rows_are_copied_as_they_are(request_: ContaminationRequest, tmp_path: Path) -> None:
    from pathlib import Path as File

    source = File(request_.train)
    lines = source.read_bytes().splitlines(keepends=True)
    source.write_bytes(b"".join([*lines[:2], b"\xff{broken\n", lines[0], *lines[2:]]))
    found = check_contamination(request_)
    assert found.document["skipped"] == {"broken row": 1, "repeated id": 1}
    assert write_clean(source, found.unfit, tmp_path / "clean.jsonl") == 30
    assert (tmp_path / "clean.jsonl").read_bytes() == b"".join(lines[:30])


def test_nothing_to_be_judged_by_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    train = write(tmp_path / "a.jsonl", {"a": rtl(1)})
    with pytest.raises(NoDesignError, match="no design to be judged by"):
        check_contamination(ContaminationRequest(str(train), str(tmp_path / "none.jsonl"), tmp_path), silent)
    found = check_contamination(
        ContaminationRequest(str(tmp_path / "none.jsonl"), str(train), tmp_path / "out")
    )
    assert found.document["checked"] == 0
