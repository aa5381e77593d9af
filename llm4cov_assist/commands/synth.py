"""`llm4cov synth`: training data by execution, stage by stage."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm4cov_assist import stages
from llm4cov_assist.advance import AdvanceBar
from llm4cov_assist.console import print_json, talk
from llm4cov_assist.options import (
    JsonOption,
    RevisionOption,
    SeedOption,
    SplitOption,
    SubsetOption,
    TimeoutOption,
)
from llm4cov_assist.outcome import INTERRUPTED
from llm4cov_assist.running import run as run_to_end
from llm4cov_engine import DatasetFilter, HubOptions, Project
from llm4cov_engine.synthesis import (
    BASE_MODEL,
    TEMPLATE,
    NamedProposers,
    Plan,
    Role,
    Sampling,
    Source,
    StageFolder,
    Strategy,
    Synthesized,
    Training,
    default_sampling,
)

if TYPE_CHECKING:
    from llm4cov_engine import Exported, Settings
    from llm4cov_engine.synthesis import StageRules

_MODEL = "chat (the settings' policy.{}), builtin, or script:PATH, a script or a folder of ID.jsonl."


def synth(
    dataset: Annotated[
        str,
        typer.Argument(metavar="DATASET", help="A .jsonl or .parquet file, a folder, or OWNER/NAME."),
    ],
    stage: stages.StageOption,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder of the synthesis.")],
    teacher: Annotated[
        str, typer.Option("--teacher", metavar="NAME", help=_MODEL.format("teacher"))
    ] = "chat",
    student: Annotated[
        str, typer.Option("--student", metavar="NAME", help=_MODEL.format("student"))
    ] = "chat",
    sampling: Annotated[
        Sampling | None,
        typer.Option("--sampling", help="Who samples and who repairs; without it, the stage's own."),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, help="Testbenches to sample per design.")
    ] = 5,
    transitions: Annotated[
        int, typer.Option("--transitions", metavar="N", min=1, help="Repairs of every chosen state.")
    ] = 3,
    strategy: stages.StrategyOption = Strategy.WORST,
    gap: stages.GapOption = 10.0,
    rules: Annotated[
        bool,
        typer.Option("--rules/--no-rules", help="Give models the validity rules; rows never hold them."),
    ] = True,
    tau: stages.TauOption = 1.0,
    min_score: stages.MinimumScoreOption = None,
    per_design: stages.PerDesignOption = 1,
    short_ratio: stages.ShortRatioOption = 1.0,
    size: stages.SizeOption = None,
    format_: stages.FormatsOption = None,
    base_model: Annotated[
        str, typer.Option("--base-model", metavar="NAME", help="Model that stage 0 fine-tunes.")
    ] = BASE_MODEL,
    template: Annotated[
        str, typer.Option("--template", metavar="NAME", help="LlamaFactory's name of its chat template.")
    ] = TEMPLATE,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="PATTERN", help="Designs with such ids; repeatable.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="The first N designs.")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", metavar="N", min=1, help="Designs with at most N tokens of RTL."),
    ] = None,
    split: SplitOption = "",
    subset: SubsetOption = "",
    revision: RevisionOption = "",
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, help="Designs at a time; without it, as many as cores."),
    ] = None,
    seed: SeedOption = None,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sample testbenches, repair the worst states they lead to, and keep the repairs worth learning.

    Every round is stored before the next begins: stopped in whatever way, the same command goes on where it
    was. What is written: DIR/stageN/sessions.db, the rows in DIR/stageN/data, LlamaFactory's configuration
    in DIR/stageN/train.yaml, and DIR/train.sh, which trains the stages one after the other.
    """
    own = stages.stage_rules(
        stage,
        tau=tau,
        min_score=min_score,
        per_design=per_design,
        short_ratio=short_ratio,
        size=size,
        formats=format_,
    )
    settings = Project.settings_of(dataset, {"simulator": {"seed": seed, "timeout": timeout}})
    names = {Role.TEACHER: teacher, Role.STUDENT: student}
    chosen = sampling or default_sampling(stage)
    plan = Plan(
        dataset=Path(dataset).name,
        stage=stage,
        sampling=chosen,
        samples=samples,
        transitions=transitions,
        strategy=strategy,
        gap=gap / 100,
        seed=settings.simulator.seed,
        intermediate=names[chosen.intermediate],
        transition=names[chosen.transition],
    )
    wanted = DatasetFilter(only=tuple(only or ()), most=limit, most_tokens=max_tokens)
    request = _Request(
        StageFolder(out, stage),
        plan,
        Source(dataset, wanted, HubOptions(split, subset, revision)),
        NamedProposers(settings.policy, names, rules=rules),
        settings,
        jobs or os.cpu_count() or 1,
    )
    exported = request.carry_out(own, Training(base_model=base_model, template=template))
    if as_json:
        print_json(_document(request, exported))
    else:
        _print(request, exported)
    raise typer.Exit(INTERRUPTED if request.interrupted else 0)


@dataclass
class _Request:
    """What the user asked for, and what has been done of it."""

    folder: StageFolder
    plan: Plan
    source: Source
    proposers: NamedProposers
    settings: Settings
    jobs: int
    done: Synthesized = field(default_factory=Synthesized)
    interrupted: bool = False

    def carry_out(self, rules: StageRules, training: Training) -> Exported | None:
        """Make the rounds, then the rows of the stage; None where somebody wished to stop."""
        with AdvanceBar() as bar:
            run_to_end(self._synthesize(bar))
            return None if self.interrupted else self.folder.build(rules, training, bar)

    async def _synthesize(self, bar: AdvanceBar) -> None:
        """Make the rounds; on a wish to stop, those that are finished stay."""
        try:
            await self.folder.synthesize(
                self.plan, self.source, self.proposers, self.settings, self.done, jobs=self.jobs, tell=bar
            )
        except asyncio.CancelledError:
            self.interrupted = True


def _document(request: _Request, exported: Exported | None) -> dict[str, Any]:
    done = request.done
    return {
        "folder": str(request.folder.path),
        "stage": request.plan.stage,
        "sampling": request.plan.sampling.value,
        "interrupted": request.interrupted,
        "designs": done.designs,
        "sampled": done.sampled,
        "transitions": done.transitions,
        "skipped": dict(done.skipped),
        "stopped": dict(done.stopped),
        "rows": exported.rows if exported else None,
        "rounds": exported.rounds if exported else None,
        "left_out": exported.left_out if exported else None,
    }


def _print(request: _Request, exported: Exported | None) -> None:
    done = request.done
    talk.print(
        f"{done.designs} designs, {done.sampled} states sampled and {done.transitions} repairs made now",
        markup=False,
    )
    for word, counts in (("skipped", done.skipped), ("stopped", done.stopped)):
        for reason, count in counts.most_common():
            talk.print(f"{word} {count}: {reason}", markup=False, style="dim")
    if exported is None:
        talk.print("Stopped. What was finished is kept; the same command goes on.", style="bold")
        return
    stages.print_exported(exported, request.folder.data)
    if any(exported.rows.values()):
        talk.print(f"train with {request.folder.root / 'train.sh'}", markup=False)
    else:
        talk.print("There is nothing to train on.", style="bold")
