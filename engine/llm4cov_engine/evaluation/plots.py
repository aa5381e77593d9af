"""The geometry of plots: numbers in, coordinates of an SVG out. What they look like is the template's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WIDTH, HEIGHT = 460.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 12.0, 10.0, 28.0
_SIDE = 260.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a plot; `about` says in words what it stands for, `kind` whether that is good."""

    x: float
    y: float
    about: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A named series; `path` is what a polyline takes."""

    name: str
    dots: tuple[Dot, ...]

    @property
    def path(self) -> str:
        """Its points, for a polyline."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over named places, shares from bottom to top."""

    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT


def chart(series: Mapping[str, Sequence[float]], places: Sequence[str]) -> Chart:
    """A line chart.

    Args:
        series: shares in [0, 1] by name, one a place each.
        places: what stands below them, from left to right.
    """
    lowest = _floor(min((share for shares in series.values() for share in shares), default=0.0))
    step = (WIDTH - _LEFT - _RIGHT) / max(len(places) - 1, 1)
    xs = [_LEFT + number * step for number in range(len(places))] if len(places) > 1 else [WIDTH / 2]

    def height(share: float) -> float:
        return _TOP + (1.0 - (share - lowest) / (1.0 - lowest)) * (HEIGHT - _TOP - _BOTTOM)

    return Chart(
        lines=tuple(
            Line(
                name,
                tuple(
                    Dot(x, height(share), f"{name} {place}: {share * 100:.1f} %")
                    for x, share, place in zip(xs, shares, places, strict=True)
                ),
            )
            for name, shares in series.items()
        ),
        x_ticks=tuple(Tick(x, place) for x, place in zip(xs, places, strict=True)),
        y_ticks=_shares(lowest, height),
    )


def _floor(lowest: float) -> float:
    """Where the axis begins: lines that all run near the top would hide their differences."""
    return int(lowest * 10) / 10 - 0.1 if lowest >= 0.6 else 0.0


def _shares(lowest: float, height: Callable[[float], float]) -> tuple[Tick, ...]:
    step = 10 if lowest else 25
    return tuple(Tick(height(share / 100), str(share)) for share in range(round(lowest * 100), 101, step))


@dataclass(frozen=True, slots=True)
class Scatter:
    """Designs by two scores: above the diagonal the one from bottom to top is the higher."""

    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    side: float = _SIDE
    left: float = _LEFT
    top: float = _TOP


def scatter(points: Sequence[tuple[str, float, float]]) -> Scatter:
    """A scatter plot of (name, from left to right, from bottom to top) with shares in [0, 1]."""
    dots = (
        Dot(
            _LEFT + x * _SIDE,
            _TOP + (1.0 - y) * _SIDE,
            f"{name}: {y * 100:.1f} %, there {x * 100:.1f} %",
            "good" if y > x else "poor" if y < x else "even",
        )
        for name, x, y in points
    )
    ticks = tuple(Tick(number / 4 * _SIDE, f"{number * 25}") for number in range(5))
    return Scatter(tuple(dots), ticks)
