from __future__ import annotations

import json
import os
import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.dataset.entry import Entry, Skipped, SkipReason
from llm4cov_engine.dataset.sources import HubOptions, entries, short_name
from llm4cov_engine.design.loading import load
from llm4cov_engine.design.naming import instance_name
from llm4cov_engine.errors import NoDesignError, StorageError, ToolError
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, need
from tests.engine.dataset.rows import INVERTER, PAIR, codev, row, verithoughts, write

if TYPE_CHECKING:
    from pathlib import Path


def taken(path: Path) -> list[Entry]:
    return [each for each in entries(path) if isinstance(each, Entry)]


def skipped(path: Path) -> list[Skipped]:
    return [each for each in entries(path) if isinstance(each, Skipped)]


def test_a_question_of_codev_is_a_design(tmp_path: Path) -> None:
    path = write(tmp_path / "codev.jsonl", [codev(17, PAIR)])
    (entry,) = taken(path)
    assert (entry.id, entry.line, entry.dataset, entry.top) == ("17", 1, "codev.jsonl", "")
    design = entry.design()
    assert (design.id, design.top) == ("17", "pair")
    assert design.instance == instance_name("17", "pair")
    assert [spec.text for spec in design.specs] == ["Write an inverter."]
    assert load(f"{path}#17") == design


def test_a_question_of_verithoughts_is_known_by_its_place(tmp_path: Path) -> None:
    rows = [verithoughts(), verithoughts(PAIR, verified=False)]
    first, second = taken(write(tmp_path / "v.jsonl", rows))
    assert (first.id, second.id) == ("0", "1")
    assert first.design().specs
    assert second.design().specs == ()
    assert second.design().top == "pair"


def test_numbers_may_be_ids_and_difficulties(tmp_path: Path) -> None:
    (entry,) = taken(write(tmp_path / "some.jsonl", [row() | {"id": 17, "difficulty": 3}]))
    assert (entry.id, entry.difficulty) == ("17", "3")
    assert load(f"{tmp_path / 'some.jsonl'}#17").id == "17"


def test_the_code_of_an_answer_is_taken_out_of_its_words(tmp_path: Path) -> None:
    answer = f"Here it is:\n```verilog\n{INVERTER}```\nIt inverts.\n"
    (entry,) = taken(write(tmp_path / "v.jsonl", [verithoughts(answer)]))
    assert [file.text for file in entry.files] == [INVERTER]


@pytest.mark.parametrize(
    "broken",
    [
        {"question": 7, "ground_truth": INVERTER},
        {"question": [], "ground_truth": INVERTER},
        {"question": "q", "ground_truth": [{"role": "assistant"}]},
        {"question": "q", "ground_truth": ["module"]},
        {"id": "x"},
        {"id": "x", "rtl_files": []},
        {"id": "", "rtl_files": [{"name": "a.v", "content": ""}]},
        [1, 2],
        "{half a",
        b'{"id": "\xff"}',
        '{"id": "\\ud800", "rtl_files": [{"name": "a.v", "content": ""}]}',
        "[" * 100_000,
    ],
)
def test_a_broken_row_is_skipped_with_its_reason(tmp_path: Path, broken: object) -> None:
    path = write(tmp_path / "some.jsonl", [row("before"), broken, row("after")])
    assert [entry.id for entry in taken(path)] == ["before", "after"]
    (found,) = skipped(path)
    assert (found.line, found.reason) == (2, SkipReason.BROKEN)
    assert found.why


def test_a_huge_row_is_skipped_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "huge.jsonl"
    with path.open("wb") as file:
        file.write(json.dumps(row("before")).encode() + b"\n")
        file.write(b'{"id": "huge", "rtl_files": [{"name": "a.v", "content": "')
        for _ in range(50):
            file.write(b"x" * 2**20)
        file.write(b'"}]}\n' + json.dumps(row("after")).encode())
    tracemalloc.start()
    found = list(entries(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.id for each in found if isinstance(each, Entry)] == ["before", "after"]
    assert [(each.line, each.why) for each in found if isinstance(each, Skipped)] == [
        (2, "the row is larger than 32 MB")
    ]
    assert peak < 80 * 2**20


def test_the_first_of_a_repeated_id_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "some.jsonl", [row("a"), row("b"), row("a", PAIR, "pair"), row("a")])
    assert [(entry.id, entry.top) for entry in taken(path)] == [("a", "inverter"), ("b", "inverter")]
    assert [(each.line, each.reason, each.why) for each in skipped(path)] == [
        (3, SkipReason.DUPLICATE, "its id stands in row 1 already"),
        (4, SkipReason.DUPLICATE, "its id stands in row 1 already"),
    ]


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_an_empty_dataset_is_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    assert list(entries(path)) == []


def test_a_byte_order_mark_and_foreign_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "windows.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(each).encode() for each in (row("a"), row("b"))) + b"\r\n"
    )
    assert [entry.id for entry in taken(path)] == ["a", "b"]


def test_a_pipe_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pipe.jsonl"
    os.mkfifo(path)
    content = b"\xef\xbb\xbf" + json.dumps(row("a")).encode()
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    assert [entry.id for entry in taken(path)] == ["a"]
    writer.join()


def test_a_folder_holds_a_design_per_folder_and_file(tmp_path: Path) -> None:
    folder = tmp_path / "designs"
    (folder / "pair" / "rtl").mkdir(parents=True)
    (folder / "pair" / "rtl" / "pair.v").write_text(PAIR)
    (folder / "pair" / "llm4cov.toml").write_text('[design]\ninstance = "mine"\n[coverage]\ntarget = 80\n')
    (folder / "inverter.sv").write_text(INVERTER)
    (folder / "notes.txt").write_text("not a design")
    (folder / "broken").mkdir()
    (folder / "broken" / "a.v").write_text("modul a;")
    (folder / ".git").mkdir()
    inverter, pair = taken(folder)
    assert (inverter.id, pair.id, pair.dataset) == ("inverter.sv", "pair", "designs")
    assert (pair.design().instance, pair.design().targets[0].percent) == ("mine", 80)
    (found,) = skipped(folder)
    assert (found.id, found.reason) == ("broken", SkipReason.NO_DESIGN)


def test_a_folder_that_says_what_its_design_is_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "pair"
    (folder / "rtl").mkdir(parents=True)
    (folder / "rtl" / "pair.v").write_text(PAIR)
    settings = folder / "llm4cov.toml"
    settings.write_text("[simulator]\ntimeout = 5\n")
    assert [entry.id for entry in taken(folder)] == ["rtl"]
    settings.write_text('[design]\ntop = "inverter"\n')
    assert [(entry.id, entry.top) for entry in taken(folder)] == [("pair", "inverter")]


def test_what_is_no_dataset_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n")
    (tmp_path / "empty").mkdir()
    for name in ("a.csv", "gone.jsonl", "gone", "empty"):
        with pytest.raises(NoDesignError) as error:
            list(entries(tmp_path / name))
        assert "OWNER/NAME" in error.value.remedy
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises((NoDesignError, StorageError)):
        list(entries(tmp_path / "folder.jsonl"))


def test_a_parquet_file_has_the_same_rows(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    rows = [row("a", spec_files=[{"name": "s.md", "content": "It inverts."}], difficulty="easy"), row("b")]
    path = tmp_path / "some.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    lines = write(tmp_path / "some.jsonl", rows)
    assert [each.design() for each in taken(path)] == [each.design() for each in taken(lines)]
    (tmp_path / "no.parquet").write_text("PAR?")
    with pytest.raises(ToolError, match=r"no\.parquet cannot be read"):
        list(entries(tmp_path / "no.parquet"))


def test_a_short_name_has_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert short_name(tmp_path / "some.jsonl") == "some.jsonl"
    assert short_name("owner/name") == "owner/name"
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert short_name("owner/name") == "name"
    assert HubOptions() == HubOptions("", "", "")


@pytest.mark.parametrize("path", [DEV_DESIGNS, BENCHMARK_SAMPLE], ids=lambda path: path.name)
def test_every_row_from_outside_becomes_a_design(path: Path) -> None:
    found = list(entries(need(path)))
    assert len(found) in (10, 26)
    for each in found:
        assert isinstance(each, Entry)
        design = each.design()
        assert design.instance in ("dut", "uut", f"inst_{design.top}") or path is BENCHMARK_SAMPLE
        assert each.tokens > 0
    difficulties = {each.difficulty for each in found if isinstance(each, Entry)}
    assert difficulties == ({"easy", "medium"} if path is BENCHMARK_SAMPLE else {""})
