"""Places, merged edits, settings: what needs no server."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from llm4cov_engine import Span
from llm4cov_lsp.features.edits import Refusal, Target, line_edits, proposal_edit
from llm4cov_lsp.features.merging import merged
from llm4cov_lsp.options import DEFAULTS, read_options
from llm4cov_lsp.positions import Drift, Lines, Shift
from tests.lsp.editor import offset

TEXT = st.text(st.sampled_from("ab\n\r\té𝄞 \x0c\u2028"), max_size=40)
LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=8).map("".join)


def test_columns_are_bytes_there_and_utf16_units_here() -> None:
    lines = Lines("é𝄞x\n")
    assert lines.position(1, 1 + len("é𝄞".encode())) == types.Position(0, 3)
    assert Lines("é𝄞x", "utf-8").position(1, 7) == types.Position(0, 6)
    assert Lines("é𝄞x", types.PositionEncodingKind.Utf32).position(1, 7) == types.Position(0, 2)


def test_a_place_without_extent_takes_in_its_word() -> None:
    lines = Lines("  assign full = &count;\r\n")
    assert lines.span(Span("f", 1, 10, 1, 10)) == types.Range(types.Position(0, 9), types.Position(0, 13))
    assert lines.span(Span("f", 1, 3, 1, 9)).end == types.Position(0, 8)
    assert lines.rest(1, 1) == types.Range(types.Position(0, 2), types.Position(0, 23))


@given(TEXT, st.integers(-2, 50), st.integers(-2, 50))
def test_no_place_lies_outside_of_the_text(text: str, line: int, column: int) -> None:
    lines = Lines(text)
    for place in (lines.position(line, column), lines.word(line, column).end, lines.rest(line, column).end):
        assert 0 <= place.line < len(lines)
        assert 0 <= place.character <= lines.line_end(place.line + 1).character


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_lines_are_followed_only_while_they_are_the_same(before: list[str], now: list[str]) -> None:
    drift = Drift(before, now)
    assert drift.is_stale == (before != now)
    for number, content in enumerate(before, 1):
        moved = drift.line(number)
        if moved is not None:
            assert now[moved - 1] == content
            assert drift.back(moved) == number


@given(TEXT, TEXT, TEXT, TEXT, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_what_stands_before_and_behind_an_edit_is_followed(
    head: str, old: str, new: str, tail: str, encoding: str
) -> None:
    # The digits keep the edit from being as well another one.
    before, now = Lines(f"{head}1{old}1{tail}", encoding), Lines(f"{head}2{new}2{tail}", encoding)
    shift = Shift(before, now)
    longer = len(now.text) - len(before.text)
    places = [(each, each) for each in range(len(head))]
    places += [(each, each + longer) for each in range(len(before.text) - len(tail), len(before.text))]
    for old_place, new_place in places:
        if before.text[old_place] not in "\r\n":
            reach = types.Range(before.at(old_place), before.at(old_place + 1))
            expected = types.Range(now.at(new_place), now.at(new_place + 1))
            assert shift.range(reach) == expected


def test_what_an_edit_takes_away_has_gone() -> None:
    before, now = Lines("wire a;\nwire wrong;\nwire b;\n"), Lines("wire a;\nwire b;\n")
    shift = Shift(before, now)
    word = types.Range(types.Position(1, 5), types.Position(1, 10))
    assert shift.range(word) is None
    around = types.Range(types.Position(0, 0), types.Position(2, 7))
    assert shift.range(around) == types.Range(types.Position(0, 0), types.Position(1, 7))
    typed = Shift(before, Lines(before.text.replace("wrong", "wrongly")))
    assert typed.range(word) is not None


@given(TEXT, TEXT)
def test_an_edit_makes_one_text_of_the_other(old: str, new: str) -> None:
    text = old
    for edit in line_edits(old, new, "utf-16"):
        assert isinstance(edit, types.TextEdit)
        start, end = offset(text, edit.range.start), offset(text, edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    assert text == new


@given(LINES, LINES, LINES)
def test_merging_is_fair(base: str, mine: str, theirs: str) -> None:
    assert merged(base, mine, theirs) == merged(base, theirs, mine)
    assert merged(base, base, theirs) == theirs
    assert merged(base, mine, mine) == mine


def test_changes_that_keep_apart_are_both_made() -> None:
    base = "".join(f"{number}\n" for number in range(10))
    mine = base.replace("1\n", "one\n")
    theirs = base.replace("8\n", "eight\n")
    assert merged(base, mine, theirs) == mine.replace("8\n", "eight\n")
    assert merged(base, mine, base.replace("1\n", "uno\n")) is None
    assert merged(base, mine, base.replace("2\n", "two\n")) is None


def test_an_edit_is_of_the_version_it_was_made_for_or_refused() -> None:
    base = "a\nb\nc\nd\n"
    edit = proposal_edit(Target("file:///t.sv", "a\nb\nc\nD\n", 7), "A\nb\nc\nd\n", base, "utf-16")
    assert isinstance(edit, types.WorkspaceEdit)
    (change,) = edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == 7
    assert [each.new_text for each in change.edits if isinstance(each, types.TextEdit)] == ["A\n"]
    refused = proposal_edit(Target("file:///t.sv", "x\nb\nc\nd\n", 7), "A\nb\nc\nd\n", base, "utf-16")
    assert isinstance(refused, Refusal)
    created = proposal_edit(Target("file:///t.sv", None), "A\n", None, "utf-16")
    assert isinstance(created, types.WorkspaceEdit)
    assert [type(each) for each in created.document_changes or ()] == [
        types.CreateFile,
        types.TextDocumentEdit,
    ]


@pytest.mark.parametrize(
    ("given_settings", "expected"),
    [
        ({"holes": {"severity": "hint"}}, "hint"),
        ({"llm4cov": {"holes": {"severity": "hint"}}}, "hint"),
        ({"holes.severity": "hint"}, "hint"),
        ({"llm4cov.holes.severity": "hint", "unknown": 3}, "hint"),
        ({"holes": None}, "information"),
        (None, "information"),
        ([], "information"),
    ],
)
def test_settings_are_read_as_editors_write_them(given_settings: object, expected: str) -> None:
    options, wrong = read_options(given_settings)
    assert options.holes.severity == expected
    assert wrong == ""


def test_a_wrong_setting_leaves_the_others_alone() -> None:
    options, wrong = read_options(
        {"holes": {"severity": "loud"}, "apply": "never", "policy": {"baseUrl": "x"}}
    )
    assert options.holes == DEFAULTS.holes
    assert options.apply == "never"
    assert options.flags["policy"]["base_url"] == "x"
    assert "llm4cov.holes.severity" in wrong


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(["holes", "live", "policy", "rounds", "holes.severity", "apply", "x"]), inner
        ),
        max_leaves=8,
    )
)
def test_no_settings_break_anything(given_settings: object) -> None:
    options, _ = read_options(given_settings)
    assert isinstance(options.flags, dict)


def test_a_long_document_is_merged_at_once() -> None:
    lines = [f"line {random.Random(number).random()}\n" for number in range(4000)]
    base = "".join(lines)
    assert merged(base, base + "// mine\n", "// theirs\n" + base) == "// theirs\n" + base + "// mine\n"
