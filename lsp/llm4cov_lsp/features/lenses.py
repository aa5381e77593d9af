"""Lines above modules: score, run, close, rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import DeclarationKind, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine import Coverage, Declared
    from llm4cov_lsp.picture import Picture
    from llm4cov_lsp.positions import Lines


def score_title(score: float, coverage: Coverage) -> str:
    """The score and the metrics that have points: `87.5 % (line 90, toggle 84)`."""
    parts = [
        f"{metric.value.replace('_', ' ')} {100 * tally.ratio:.0f}"
        for metric, tally in coverage.metrics.items()
        if tally.ratio is not None
    ]
    return f"{percent(score)} ({', '.join(parts)})"


def rtl_lenses(
    declared: Iterable[Declared],
    lines: Lines,
    uri: str,
    picture: Picture | None,
    *,
    stale: bool,
    running: bool,
) -> list[types.CodeLens]:
    """Above each module of an RTL file."""
    found = []
    for each in declared:
        if each.kind is not DeclarationKind.MODULE:
            continue
        place = lines.position(each.span.line, each.span.column)
        argument = {"uri": uri, "top": each.name}
        scored = picture.score_of(each.name) if picture is not None else None
        commands: list[tuple[str, str]] = []
        if scored is not None:
            title = score_title(*scored)
            commands.append((f"~ {title}, text changed since" if stale else title, "llm4cov.rounds"))
        commands += _doing(
            running, also_rounds=scored is None and picture is not None and bool(picture.nodes)
        )
        if not running:
            commands.append(("Create testbench", "llm4cov.createTestbench"))
        found += _lenses(place, commands, argument)
    return found


def testbench_lenses(
    declared: Sequence[Declared],
    lines: Lines,
    uri: str,
    picture: Picture,
    text: str,
    *,
    running: bool,
) -> list[types.CodeLens]:
    """Above the module of a testbench that instantiates the DUT."""
    dut = picture.design.top
    one = next((each for each in declared if dut in each.instantiates), None)
    if one is None:
        return []
    place = lines.position(one.span.line, one.span.column)
    commands: list[tuple[str, str]] = []
    if picture.coverage is not None and picture.testbench is not None:
        title = score_title(picture.coverage.score, picture.coverage)
        same = picture.testbench.text == text
        commands.append((title if same else f"~ {title}, not this text", "llm4cov.rounds"))
    commands += _doing(running, also_rounds=picture.coverage is None and bool(picture.nodes))
    if not running:
        commands.append(("Repair", "llm4cov.repair"))
    return _lenses(place, commands, {"uri": uri, "top": dut})


def _doing(running: bool, *, also_rounds: bool) -> list[tuple[str, str]]:
    if running:
        return [("Running ...", "llm4cov.rounds"), ("Stop", "llm4cov.stop")]
    rounds = [("Rounds", "llm4cov.rounds")] if also_rounds else []
    return [("Run", "llm4cov.run"), ("Close coverage", "llm4cov.close"), *rounds]


def _lenses(
    place: types.Position, commands: Iterable[tuple[str, str]], argument: dict[str, str]
) -> list[types.CodeLens]:
    return [
        types.CodeLens(
            range=types.Range(place, place),
            command=types.Command(title=title, command=command, arguments=[argument]),
        )
        for title, command in commands
    ]
