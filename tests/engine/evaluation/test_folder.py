from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm4cov_engine.errors import BusyError, SettingsError, StorageError
from llm4cov_engine.evaluation.folder import SAMPLES, About, EvaluationFolder
from tests.engine.evaluation.records import TASKS, about, sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> EvaluationFolder:
    return EvaluationFolder(tmp_path / "kept")


def test_what_is_kept_comes_back(folder: EvaluationFolder) -> None:
    assert not folder.holds_one()
    first, second = sample("a", 1, 0.5, None), sample("b", 1, error="no ☃\n")
    with folder.claimed():
        folder.begin(about())
        folder.append(first)
        folder.append(second)
    assert folder.holds_one()
    assert folder.about() == about()
    assert folder.samples() == {("a", 1): first, ("b", 1): second}


def test_of_a_repeated_sample_the_last_counts(folder: EvaluationFolder) -> None:
    with folder.claimed():
        folder.append(sample("a", 1, None))
        folder.append(sample("a", 1, 0.5))
    assert folder.samples() == {("a", 1): sample("a", 1, 0.5)}


def test_half_a_line_is_as_if_it_had_not_been(folder: EvaluationFolder) -> None:
    with folder.claimed():
        folder.append(sample("a", 1, 0.5))
    path = folder.path / SAMPLES
    whole = path.read_bytes()
    for length in range(1, len(whole), 7):
        path.write_bytes(whole + whole[:length])
        assert folder.samples().keys() == {("a", 1)}
        with folder.claimed():
            folder.append(sample("b", 1, 0.5))
        assert folder.samples().keys() == {("a", 1), ("b", 1)}


def test_a_damaged_line_is_named(folder: EvaluationFolder) -> None:
    with folder.claimed():
        folder.append(sample("a", 1, 0.5))
    with (folder.path / SAMPLES).open("a") as file:
        file.write('{"task": 1}\n')
    with pytest.raises(StorageError, match=r"samples\.jsonl:2 is damaged"):
        folder.samples()


def test_another_evaluation_is_not_mixed_in(folder: EvaluationFolder) -> None:
    with folder.claimed():
        folder.begin(about())
        with pytest.raises(SettingsError, match="rounds: 5, not 3"):
            folder.begin(about(rounds=5))
        with pytest.raises(SettingsError, match="tasks: 2 designs, not 3"):
            folder.begin(about(tasks=TASKS[:2]))
        with pytest.raises(SettingsError, match="other designs"):
            folder.begin(about(tasks=(replace(TASKS[0], digest="x"), *TASKS[1:])))
    assert folder.about() == about()


def test_more_samples_may_be_asked_for_and_fewer_take_none_away(folder: EvaluationFolder) -> None:
    with folder.claimed():
        folder.begin(about(samples=2))
        folder.begin(about(samples=5))
        folder.begin(about(samples=1))
    assert folder.about().samples == 5


def test_the_name_and_the_order_of_a_dataset_do_not_matter() -> None:
    one = about().configuration
    assert one.fingerprint == replace(one, dataset="other.jsonl", tasks=TASKS[::-1]).fingerprint
    assert one.fingerprint != replace(one, seed=2).fingerprint
    assert one.fingerprint != replace(one, details={}).fingerprint
    assert one.differences(replace(one, details={})) == ["simulator.timeout: 60.0, not unset"]


def test_two_processes_do_not_work_in_one_folder(folder: EvaluationFolder) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from llm4cov_engine.evaluation.folder import EvaluationFolder\n"
        "with EvaluationFolder(Path(sys.argv[1])).claimed(): print('in', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, folder.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == "in\n"
        with pytest.raises(BusyError, match="Another evaluation is at work"), folder.claimed():
            pass
        other.kill()
        other.wait()
    with folder.claimed():
        pass


def test_folders_that_cannot_be_used_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="cannot be written"),
        EvaluationFolder(tmp_path / "file").claimed(),
    ):
        pass
    with pytest.raises(StorageError, match="holds no evaluation"):
        EvaluationFolder(tmp_path).about()
    (tmp_path / "evaluation.json").write_text("[]")
    with pytest.raises(StorageError, match="is damaged"):
        EvaluationFolder(tmp_path).about()
    (tmp_path / "evaluation.json").write_text('{"schema": 99}')
    with pytest.raises(StorageError, match="another version"):
        EvaluationFolder(tmp_path).about()


def test_a_full_disk_leaves_no_half_line(folder: EvaluationFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with folder.claimed():
        folder.append(sample("a", 1, 0.5))
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", _full)
            with pytest.raises(StorageError, match="cannot be written"):
                folder.append(sample("b", 1, 0.5))
        folder.append(sample("c", 1, 0.5))
    assert folder.samples().keys() == {("a", 1), ("c", 1)}


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.integers(1, 9), st.lists(st.none() | st.floats(0, 1), max_size=4)),
        max_size=8,
    )
)
@settings(max_examples=25, deadline=None)
def test_any_samples_come_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, int, list[float | None]]]
) -> None:
    folder = EvaluationFolder(tmp_path_factory.mktemp("kept"))
    samples = [sample(task, number, *scores) for task, number, scores in drawn]
    with folder.claimed():
        for each in samples:
            folder.append(each)
    assert folder.samples() == {each.key: each for each in samples}


def test_an_about_is_what_it_was(folder: EvaluationFolder) -> None:
    with folder.claimed():
        folder.begin(about())
    assert isinstance(folder.about(), About)
    assert folder.about().configuration.fingerprint == about().configuration.fingerprint
