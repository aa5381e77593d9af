from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.waiver_file import append, dumps, parse, read
from llm4cov_engine.coverage.waivers import Waiver
from llm4cov_engine.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# decided in the review of March

[[waiver]]
file = "rtl/ctrl.sv"
line = 41
metric = "branch"
what = "else"
reason = "the error input is tied off"

[[waiver]]
instance = "dut.u_dbg"
lines = "10-20"
metric = ["toggle", "FSM"]
reason = "no debug port on this chip"
"""


def test_reading() -> None:
    first, second = parse(TEXT)
    assert first == Waiver(
        "the error input is tied off", "rtl/ctrl.sv", (41, 41), metrics=(Metric.BRANCH,), what="else"
    )
    assert first.place == "waivers.toml:3"
    assert second.lines == (10, 20)
    assert second.metrics == (Metric.TOGGLE, Metric.FSM_STATE, Metric.FSM_ARC)
    assert second.place == "waivers.toml:10"
    assert parse("") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[waiver]]\nfiel = "x"\nreason = "r"',
            "waivers.toml:1 has an unknown key `fiel`; did you mean `file`?",
        ),
        ('[[waiver]]\nfile = "x"', "waivers.toml:1 gives no reason"),
        ('\n\n[[waiver]]\nfile = "x"\nreason = "  "', "waivers.toml:3 gives no reason"),
        ('[[waiver]]\nreason = "r"', "would waive everything"),
        ('[[waiver]]\nfile = 3\nreason = "r"', "`file` of the waiver at waivers.toml:1 is no text"),
        ('[[waiver]]\nline = "x"\nreason = "r"', "`x` in the waiver at waivers.toml:1 is no line"),
        ('[[waiver]]\nline = true\nreason = "r"', "is no line"),
        ('[[waiver]]\nline = 1\nlines = "2"\nreason = "r"', "has both `line` and `lines`"),
        ('[[waiver]]\nmetric = "score"\nreason = "r"', "a metric `score` that points cannot have"),
        ('[[waiver]]\nmetric = 3\nreason = "r"', "`metric` of the waiver"),
        ("[[waver]]", "unknown key `waver`"),
        ("waiver = 3", "not a list of tables"),
        ("[[waiver", "not valid TOML"),
    ],
)
def test_mistakes_are_named(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    assert said in caught.value.what
    assert caught.value.remedy


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(StorageError, match="no UTF-8"):
        read(tmp_path / "bad.toml")


def test_appending_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(TEXT)
    path.chmod(0o640)
    new = Waiver("new", file="a.sv", lines=(3, 7))
    append(path, new)
    assert path.read_text().startswith(TEXT)
    assert read(path) == (*parse(TEXT), new)
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["waivers.toml"]  # noqa: PTH208


def test_appending_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "waivers.toml"
    append(path, Waiver("why", instance="dut.u"))
    assert read(path) == (Waiver("why", instance="dut.u"),)


def test_nothing_is_appended_to_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text("[[waiver")
    with pytest.raises(SettingsError):
        append(path, Waiver("why", instance="dut.u"))
    assert path.read_text() == "[[waiver"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.builds(
        Waiver,
        reason=texts.filter(lambda text: bool(text.strip())),
        file=texts,
        lines=st.none() | st.tuples(st.integers(1, 50), st.integers(51, 99)),
        instance=texts,
        module=texts,
        metrics=st.lists(st.sampled_from(Metric), unique=True).map(tuple),
        what=texts.map(lambda text: text or "x"),
    )
)
def test_what_is_written_is_read(waiver: Waiver) -> None:
    assert parse(dumps(waiver)) == (waiver,)
