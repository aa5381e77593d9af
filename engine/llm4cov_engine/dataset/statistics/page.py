"""Statistics as one HTML page that needs nothing else: tables, and plots as inline SVG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.policy.chat.completion import mended
from llm4cov_engine.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm4cov_engine.dataset.statistics.figures import Bar

_TEMPLATES = Path(__file__).parent / "templates"
_WIDTH, _HEIGHT, _TOP, _BOTTOM = 560, 200, 18, 34


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A bar where it is drawn, in pixels."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot ready to be drawn."""

    title: str
    width: int
    height: int
    base: int
    bars: tuple[Rectangle, ...]


def statistics_page(title: str, document: Mapping[str, Any], plots: Mapping[str, Sequence[Bar]]) -> str:
    """The page's text.

    Args:
        document: figures by name; tables of figures may be nested one deep.
        plots: bars by title; those without bars are left out.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    facts, tables = _split(document)
    drawn = [_drawn(name, bars) for name, bars in plots.items() if bars]
    template = environment.get_template("statistics.html.j2")
    return mended(template.render(title=title, facts=facts, tables=tables, plots=drawn, version=__version__))


def _split(document: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """Plain figures, and tables: a distribution is a row, and so is each entry of a mapping of mappings."""
    facts: list[tuple[str, str]] = []
    distributions: list[tuple[str, Mapping[str, Any]]] = []
    tables: list[dict[str, Any]] = []
    for name, value in document.items():
        words = name.replace("_", " ")
        if not isinstance(value, dict):
            if not isinstance(value, list):
                facts.append((words, _shown(value)))
        elif "q1" in value:
            distributions.append((words, value))
        elif value and all(isinstance(each, dict) for each in value.values()):
            tables.append(_table(words, [(key, _flat(each)) for key, each in value.items()]))
        else:
            plain = {key: each for key, each in value.items() if not isinstance(each, dict)}
            facts += [(f"{words}: {key}", _shown(each)) for key, each in plain.items()]
            distributions += [
                (f"{words}: {key.replace('_', ' ')}", each)
                for key, each in value.items()
                if isinstance(each, dict)
            ]
    if distributions:
        tables.insert(0, _table("distributions", distributions))
    return facts, tables


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping whose distributions are their means."""
    return {
        f"mean {key}" if isinstance(each, dict) else key: each["mean"] if isinstance(each, dict) else each
        for key, each in value.items()
    }


def _table(title: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    columns = list(dict.fromkeys(key for _, row in rows for key in row))
    return {
        "title": title,
        "columns": [column.replace("_", " ") for column in columns],
        "rows": [(name, [_shown(row.get(column, "")) for column in columns]) for name, row in rows],
    }


def _shown(value: object) -> str:
    return (
        f"{value:,.10g}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )


def _drawn(title: str, bars: Sequence[Bar]) -> Plot:
    most = max((bar.count for bar in bars), default=0) or 1
    slot = _WIDTH / len(bars)
    room = _HEIGHT - _TOP - _BOTTOM
    rectangles = tuple(
        Rectangle(
            round(place * slot + slot * 0.1, 1),
            round(_TOP + room * (1 - bar.count / most), 1),
            round(slot * 0.8, 1),
            round(room * bar.count / most, 1),
            bar.label,
            _shown(bar.count),
        )
        for place, bar in enumerate(bars)
    )
    return Plot(title, _WIDTH, _HEIGHT, _HEIGHT - _BOTTOM, rectangles)
