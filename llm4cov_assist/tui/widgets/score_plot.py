"""Score per round and per metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.color import Color
from textual_plotext import PlotextPlot

from llm4cov_assist.tui.themes import inks
from llm4cov_engine import Status

if TYPE_CHECKING:
    from llm4cov_assist.tui.standing import Standing
    from llm4cov_assist.tui.themes import Inks

_MARKS = ("dot", "x", "o", "*", "+", "#", "@")
_SIGNS = ("•", *_MARKS[1:])


class ScorePlot(PlotextPlot):
    """The score as a line over the rounds, every metric with a mark of its own."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._standing: Standing | None = None

    def on_mount(self) -> None:
        """Follow the application's theme."""
        super().on_mount()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def show(self, standing: Standing) -> None:
        """Plot the rounds."""
        before, self._standing = self._standing, standing
        if before is None or before.nodes != standing.nodes or before.metrics != standing.metrics:
            self._draw()

    def legend(self) -> Text:
        """What the marks are; in the plot itself it would hide them."""
        ink, standing = inks(self.app), self._standing
        text = Text.assemble(("score ⣿", ink.hit))
        for number, metric in enumerate(_metrics(standing) if standing is not None else ()):
            text.append(f"  {metric.replace('_', ' ')} ", style=ink.quiet)
            text.append(_SIGNS[number % len(_SIGNS)], style=_colours(ink)[number % len(_SIGNS)])
        return text

    def _draw(self) -> None:
        plot = self.plt
        plot.clear_data()
        plot.clear_figure()
        standing = self._standing
        rounds = standing.nodes[1:] if standing is not None else ()
        if standing is None or not rounds:
            return
        ink = inks(self.app)
        colours = _colours(ink)
        for number, metric in enumerate(_metrics(standing)):
            found = [
                (node.number, 100 * standing.metrics[node.number][metric])
                for node in rounds
                if metric in standing.metrics.get(node.number, {})
            ]
            plot.scatter(
                [float(n) for n, _ in found],
                [value for _, value in found],
                marker=_MARKS[number % len(_MARKS)],
                color=Color.parse(colours[number % len(colours)]).rgb,
            )
        scores = [(node.number, 100 * node.score) for node in rounds if node.status is Status.SUCCESS]
        plot.plot(
            [float(n) for n, _ in scores],
            [value for _, value in scores],
            marker="braille",
            color=Color.parse(ink.hit).rgb,
        )
        lows = [value for _, value in scores] or [0.0]
        lows += [100 * r for ratios in standing.metrics.values() for r in ratios.values()]
        plot.ylim(max(0.0, min(lows) - 5), 100.0)
        plot.xlim(0.5, rounds[-1].number + 0.5)
        step = max(1, len(rounds) // 8)
        plot.xticks([float(node.number) for node in rounds[::step]], [str(n.number) for n in rounds[::step]])
        self.refresh()


def _colours(ink: Inks) -> tuple[str, ...]:
    return (ink.quiet, ink.partly, ink.function, ink.waived, ink.type, ink.string, ink.macro)


def _metrics(standing: Standing) -> list[str]:
    return sorted({name for ratios in standing.metrics.values() for name in ratios})
