"""How far the built-in policy closes a dataset without a model, with and without proofs, and at what price.

    python benchmarks/closure.py DATASET.jsonl [...] [--rounds N] [--ablate] [--only ID]

One line per design, then Sim Pass (the share of designs that simulate), Cov Pass (the share that meets every
target; designs without targets count as closed at 95 %) and Avg Cov (the mean score), each without exclusions
and with what was proven unreachable left out. `--ablate` runs every design with less as well: without proofs,
which takes their witnesses away too, and with phases of random stimulus instead of a search.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import mean, median

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.target import Target
from llm4cov_engine.errors import Llm4CovError
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.project import Project, Proves
from llm4cov_engine.rounds import agentic
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import State

CLOSED = Target(95.0)


@dataclass(frozen=True)
class Way:
    """One way to close designs."""

    name: str
    policy: BuiltinPolicy
    proves: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one design; `seconds` passed, `processor` of them on all cores together."""

    identity: str
    simulates: bool
    plain: float
    proven: float
    passes_plainly: bool
    passes: bool
    left: int
    rounds: int
    seconds: float
    processor: float


def plainly(coverage: Coverage) -> Coverage:
    """The coverage with every point back in its denominator."""
    return Coverage(
        tuple(replace(point, exclusion=None) for point in coverage.per_instance),
        coverage.path,
        coverage.simulated_as,
    )


def processor_seconds() -> float:
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


async def close(name: str, way: Way, rounds: int) -> Outcome:
    project = Project.open(name)
    design = project.design
    began, used = time.monotonic(), processor_seconds()
    proves = Proves.WHEN_SLOW if way.proves else Proves.KNOWN
    if not way.proves:
        coverage_settings = project.settings.coverage.model_copy(update={"proofs": "off"})
        settings = project.settings.model_copy(update={"coverage": coverage_settings})
        project = replace(project, settings=settings)
    best = await agentic(State(design), way.policy, project.simulator(proves=proves), rounds=rounds)
    feedback = best.feedback
    coverage = feedback.coverage if feedback is not None else None
    if feedback is None or coverage is None:
        coverage = Coverage((), design.instance)
    targets = design.targets or (CLOSED,)
    plain = plainly(coverage)
    return Outcome(
        design.id,
        feedback is not None and feedback.status is Status.SUCCESS,
        plain.score,
        coverage.score,
        all(result.met for result in plain.results(targets)),
        all(result.met for result in coverage.results(targets)),
        sum(not point.hits and point.exclusion is None for point in coverage.points),
        rounds,
        time.monotonic() - began,
        processor_seconds() - used,
    )


def show(outcome: Outcome) -> None:
    print(
        f"{outcome.identity[:52]:52}  {100 * outcome.plain:6.2f} {100 * outcome.proven:6.2f}"
        f"  {'yes' if outcome.passes else 'no':3} {outcome.left:5}"
        f"  {outcome.seconds:6.1f} {outcome.processor:6.1f}",
        flush=True,
    )


def summarise(way: Way, outcomes: list[Outcome]) -> None:
    if not outcomes:
        return
    print(f"\n{way.name}: {len(outcomes)} designs")
    print(f"  Sim Pass   {100 * mean(each.simulates for each in outcomes):6.2f} %")
    for name, passes, score in (
        ("without exclusions", [each.passes_plainly for each in outcomes], [each.plain for each in outcomes]),
        ("with proofs", [each.passes for each in outcomes], [each.proven for each in outcomes]),
    ):
        print(f"  {name:20} Cov Pass {100 * mean(passes):6.2f} %   Avg Cov {100 * mean(score):6.2f} %")
    seconds = [each.seconds for each in outcomes]
    busy = [each.processor for each in outcomes]
    print(f"  seconds per design   median {median(seconds):.1f}, most {max(seconds):.1f}")
    print(f"  of processors        median {median(busy):.1f}, most {max(busy):.1f}\n")


def names(files: list[Path], only: str) -> list[str]:
    found = []
    for file in files:
        if file.suffix != ".jsonl":
            found.append(str(file))
            continue
        rows = (json.loads(line)["id"] for line in file.read_text().splitlines() if line.strip())
        found += [f"{file}#{identity}" for identity in rows if only in identity]
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--only", default="", help="rows whose id holds this text")
    arguments = parser.parse_args()
    ways = [Way("search and proofs", BuiltinPolicy(), proves=True)]
    if arguments.ablate:
        ways.append(Way("search alone", BuiltinPolicy(), proves=False))
        ways.append(Way("phases alone", BuiltinPolicy(effort=None), proves=False))
    for way in ways:
        print(f"{way.name:52}  plain  proven  met  left     s  cpu s")
        outcomes = []
        for name in names(arguments.files, arguments.only):
            try:
                outcomes.append(await close(name, way, arguments.rounds))
            except Llm4CovError as error:
                print(f"{name}: {error}")
            else:
                show(outcomes[-1])
        summarise(way, outcomes)


if __name__ == "__main__":
    asyncio.run(main())
