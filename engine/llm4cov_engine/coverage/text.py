"""Holes in words: for a person at a terminal, and for a model's prompt."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.holes import Hole, HoleReason
from llm4cov_engine.coverage.point import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llm4cov_engine.design.design import Design

DEFAULT_BUDGET = 6000
"""Characters a prompt gets for holes: some 2,000 tokens."""

_EXCERPT = 120
"""Characters of a source line that are shown."""

_TOGETHER = 8
"""Rows of one expression, or ranges of one declaration, that are listed before the rest is counted."""

_BLOCK_WORDS = {
    "block": "block never runs",
    "case": "case item never runs",
    "if": "condition never true",
    "elsif": "condition never true",
    "else": "condition never false",
    "cond_then": "first value of `?:` never chosen",
    "cond_else": "second value of `?:` never chosen",
}

_BRANCHING = ("if", "elsif", "else")

_NOUNS = {
    Metric.LINE: "block",
    Metric.BRANCH: "branch",
    Metric.EXPRESSION: "expression row",
    Metric.TOGGLE: "toggle",
    Metric.FSM_STATE: "machine state",
    Metric.FSM_ARC: "machine arc",
    Metric.USER: "cover property",
}


def describe(hole: Hole) -> str:
    """What never happened, in a few words: "condition never false", "din[7:4] never 0->1"."""
    metric, what = hole.metric, hole.what
    if metric in (Metric.LINE, Metric.BRANCH):
        words = _BLOCK_WORDS.get(what, f"{what} never runs")
    elif metric is Metric.EXPRESSION:
        words = f"never {what}"
    elif metric is Metric.TOGGLE:
        signal, _, edges = what.partition(" ")
        words = f"{signal} never {edges.replace(',', ' nor')}"
    elif metric is Metric.USER:
        words = f"cover property {what} never holds"
    else:
        machine, _, name = what.partition("::")
        words = f"{machine} never {'goes' if metric is Metric.FSM_ARC else 'enters'} {name}"
    return words


def for_person(holes: Sequence[Hole], design: Design, *, limit: int | None = None) -> str:
    """Holes with their source lines, as plain text.

    Rows of one expression are listed together, and so are the points inside a block that never runs: they
    are counted there and not listed.

    Args:
        holes: as `holes()` orders them.
        design: whose sources the lines are taken from.
        limit: at most this many entries; the rest is counted.
    """
    lines_of = _lines_of(design)
    listed = list(_entries(hole for hole in holes if not hole.is_hidden))
    out: list[str] = []
    for entry in listed[:limit]:
        out += [*_person_entry(entry, lines_of), ""]
    if limit is not None and len(listed) > limit:
        out.append(f"and {_counted(hole for entry in listed[limit:] for hole in entry)}")
    return "\n".join(out).rstrip("\n")


def _person_entry(entry: list[Hole], lines_of: Callable[[str], list[str]]) -> list[str]:
    hole = entry[0]
    where = f"{hole.file}:{hole.line}:{hole.column}"
    more = f" (and {len(hole.instances) - 1} more instances)" if len(hole.instances) > 1 else ""
    inside = f"; {hole.hides} more points inside" if hole.hides else ""
    several = len(entry) > 1
    said = _together(hole.metric, len(entry)) if several else describe(hole)
    out = [f"{where}: {said}{inside}, in {hole.instance}{more}{_excuse(hole)}"]
    source = lines_of(hole.file)
    if 0 < hole.line <= len(source):
        text, column = _excerpt(source[hole.line - 1], _caret(hole))
        out += [f"{hole.line:>6} | {text}", f"       | {' ' * (column - 1)}^"]
    if several:
        out += [f"         {each.what}" for each in entry[:_TOGETHER]]
    if len(entry) > _TOGETHER:
        out.append(f"         and {len(entry) - _TOGETHER} more")
    return out


def _together(metric: Metric, number: int) -> str:
    if metric is Metric.EXPRESSION:
        return f"expression: {number} rows never seen"
    return f"{number} ranges never toggle"


def for_prompt(holes: Sequence[Hole], design: Design, *, budget: int = DEFAULT_BUDGET) -> str:
    """Holes as compact text for a model.

    What is known to be unreachable or was waived is left out: nobody should try it. Where the budget is too
    small for all, the least useful holes are cut, and the last line says what was cut.

    Args:
        holes: as `holes()` orders them.
        design: whose sources the lines are taken from.
        budget: characters the answer may have.
    """
    lines_of = _lines_of(design)
    wanted = [hole for hole in holes if hole.reason is HoleReason.UNCOVERED]
    entries = list(_entries(hole for hole in wanted if not hole.is_hidden))
    inside = [hole for hole in wanted if hole.is_hidden]
    room = budget - len(_cut_line(wanted))
    out: list[str] = []
    cut: list[Hole] = []
    for entry in entries:
        text = _prompt_entry(entry, lines_of)
        # A later entry may be short enough where this one is not, but then it would look more urgent.
        if cut or len(text) + 1 > room:
            cut += entry
            continue
        room -= len(text) + 1
        out.append(text)
    if cut:
        out.append(_cut_line([*cut, *inside]))
    return "\n".join(out)[:budget]


def _cut_line(holes: Iterable[Hole]) -> str:
    counted = _counted(holes)
    return f"(not listed for lack of room: {counted})" if counted else ""


def _prompt_entry(entry: list[Hole], lines_of: Callable[[str], list[str]]) -> str:
    hole = entry[0]
    inside = f"; {hole.hides} more points inside" if hole.hides else ""
    said = "; ".join(describe(each) for each in entry[:_TOGETHER])
    more = f"; and {len(entry) - _TOGETHER} more" if len(entry) > _TOGETHER else ""
    head = f"- {hole.instance} ({hole.file}:{hole.line}): {said}{more}{inside}"
    source = "" if hole.metric is Metric.TOGGLE else _source(hole, lines_of)
    return f"{head}\n    {source}" if source else head


def source_of(hole: Hole, design: Design) -> str:
    """The source line of a hole, a branch from its own `if` on; "" where the source is unknown."""
    return _source(hole, _lines_of(design))


def _source(hole: Hole, lines_of: Callable[[str], list[str]]) -> str:
    source = lines_of(hole.file)
    if not 0 < hole.line <= len(source):
        return ""
    line = source[hole.line - 1]
    return (line[_caret(hole) - 1 :] if hole.what in _BRANCHING else line).strip()[:_EXCERPT]


def _entries(holes: Iterable[Hole]) -> Iterable[list[Hole]]:
    """Holes one by one, but rows of one expression and ranges of one declaration together."""
    entries: defaultdict[tuple[object, ...], list[Hole]] = defaultdict(list)
    for hole in holes:
        key = (hole.file, hole.line, hole.column, hole.module, hole.instances, hole.reason, hole.metric)
        gathered = hole.metric in (Metric.EXPRESSION, Metric.TOGGLE)
        entries[key if gathered else (*key, hole.what)].append(hole)
    return entries.values()


def _counted(holes: Iterable[Hole]) -> str:
    """How many holes of each kind: "2 branches, 1 toggle"."""
    counts = Counter(hole.metric for hole in holes)
    return ", ".join(_number(counts[metric], _NOUNS[metric]) for metric in Metric if metric in counts)


def _number(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    plural = noun[:-1] + "ies" if noun.endswith("ty") else noun + ("es" if noun.endswith("ch") else "s")
    return f"{number} {plural}"


def _excuse(hole: Hole) -> str:
    if hole.reason is HoleReason.UNCOVERED:
        return f" ({hole.because})" if hole.because else ""
    return f" [{hole.reason}: {hole.because}]" if hole.because else f" [{hole.reason}]"


def _caret(hole: Hole) -> int:
    """Column to point at; an else branch is given one column behind its `if`, which it is not."""
    return hole.column - 1 if hole.what in ("else", "cond_else") and hole.column > 1 else hole.column


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """A window of a source line around a column, tabs as single spaces, and the column in the window."""
    text = line.replace("\t", " ").rstrip()
    start = max(0, min(column - 1 - _EXCERPT // 2, len(text) - _EXCERPT))
    window = text[start : start + _EXCERPT]
    if start + _EXCERPT < len(text):
        window = f"{window[:-1]}…"
    if start:
        return f"…{window[1:]}", column - start
    kept = window.lstrip()
    return kept, max(1, column - (len(window) - len(kept)))


def _lines_of(design: Design) -> Callable[[str], list[str]]:
    texts = {file.name: file.text for file in (*design.sources, *design.headers)}
    lines: dict[str, list[str]] = {}

    def lookup(name: str) -> list[str]:
        if name not in lines:
            # Not splitlines: a form feed or a stray separator is no new line for Verilator.
            lines[name] = texts.get(name, "").replace("\r\n", "\n").split("\n")
        return lines[name]

    return lookup
