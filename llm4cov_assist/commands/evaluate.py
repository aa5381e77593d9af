"""`llm4cov eval`: the benchmark."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm4cov_assist import options
from llm4cov_assist.advance import AdvanceBar
from llm4cov_assist.console import data, print_json, talk
from llm4cov_assist.outcome import INTERRUPTED
from llm4cov_assist.running import run as run_to_end
from llm4cov_engine import Mode

if TYPE_CHECKING:
    from llm4cov_engine import evaluation


def evaluate(
    context: typer.Context,
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="A .jsonl or .parquet file, a folder of designs, OWNER/NAME of the hub; or the folder of an "
            "evaluation, to see its results again.",
        ),
    ],
    policy: options.PolicyOption = None,
    model: options.ModelOption = None,
    base_url: options.BaseUrlOption = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", metavar="N", min=1, help="At most so many rounds a sample.")
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, help="Runs of the policy on each design.")
    ] = 1,
    mode: Annotated[
        Mode, typer.Option("--mode", help="What a model sees: the state, its whole history; or one round.")
    ] = Mode.MEMORYLESS,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Samples at a time [one a core].")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Where it is kept, and goes on when run again."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="DIR", help="Compare with another evaluation.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help="Only these designs; * and ? stand for any."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Only the first so many designs.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", metavar="N", min=1, help="Leave longer RTL out.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Take samples again that an error broke off.")
    ] = False,
    target: options.TargetOption = None,
    proofs: options.ProofsOption = None,
    seed: options.SeedOption = None,
    timeout: options.TimeoutOption = None,
    split: options.SplitOption = "",
    subset: options.SubsetOption = "",
    revision: options.RevisionOption = "",
    as_json: options.JsonOption = False,
) -> None:
    """Run a policy on every design of a dataset and report Sim Pass, Cov Pass and Avg Cov.

    Every sample is kept as it finishes: an evaluation that was stopped goes on where it was when the same
    command is run again. Exit status: 0, 2 wrong usage or environment, 130 stopped by Ctrl-C.
    """
    from llm4cov_engine import DatasetFilter, HubOptions, evaluation

    kept = evaluation.EvaluationFolder(Path(dataset))
    interrupted = False
    if kept.holds_one():
        _refuse_what_only_runs_need(context)
    else:
        flags = options.flags(
            target=target,
            seed=seed,
            timeout=timeout,
            proofs=proofs,
            name=policy,
            model=model,
            base_url=base_url,
            rounds=rounds,
        )
        request = evaluation.EvaluationRequest(
            dataset,
            flags,
            mode=mode,
            samples=samples,
            wanted=DatasetFilter(only=tuple(only or ()), most=limit, most_tokens=max_tokens),
            hub=HubOptions(split, subset, revision),
        )
        with AdvanceBar() as bar:
            plan = run_to_end(evaluation.prepare(request, bar))
        kept = evaluation.EvaluationFolder(out or plan.folder)
        interrupted = _take(plan, kept, jobs or len(os.sched_getaffinity(0)), again)
    _report(kept, against, as_json)
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _refuse_what_only_runs_need(context: typer.Context) -> None:
    """Results are shown as they are: an option that would change them has no effect, which must be said."""
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "")
        is_given = given is not None and given.name == "COMMANDLINE"
        if is_given and parameter.name not in ("dataset", "against", "as_json"):
            raise typer.BadParameter(
                "the folder of an evaluation is only shown; to take samples, name its dataset",
                param_hint=parameter.opts[0],
            )


def _take(
    plan: evaluation.EvaluationPlan, folder: evaluation.EvaluationFolder, jobs: int, again: bool
) -> bool:
    """Take the samples; whether Ctrl-C ended it before the last one."""
    from llm4cov_assist.evaluation_progress import EvaluationProgress
    from llm4cov_engine import evaluation

    _announce(plan, folder)

    async def work() -> bool:
        try:
            await evaluation.evaluate(plan, folder, jobs=jobs, again=again, listen=progress)
        except asyncio.CancelledError:
            return True
        return False

    with EvaluationProgress() as progress:
        return run_to_end(work())


def _announce(plan: evaluation.EvaluationPlan, folder: evaluation.EvaluationFolder) -> None:
    configuration = plan.configuration
    talk.print(
        f"policy {configuration.policy}, samples {plan.samples}, designs {len(plan.designs)}, rounds "
        f"{configuration.rounds}, kept in {folder.path}",
        markup=False,
    )
    for each in plan.skipped[:5]:
        name = f"row {each.line}" + (f" ({each.id})" if each.id else "")
        talk.print(f"note: {name} is left out, {each.reason.value}: {each.why}", markup=False, style="dim")
    if len(plan.skipped) > 5:
        talk.print(f"note: {len(plan.skipped) - 5} more rows are left out.", markup=False, style="dim")


def _report(folder: evaluation.EvaluationFolder, against: Path | None, as_json: bool) -> None:
    from llm4cov_assist.evaluation_tables import comparison_view, results_view
    from llm4cov_engine import errors, evaluation

    results = evaluation.Results.of(folder.about(), folder.samples())
    document = evaluation.results_document(results)
    comparison = None
    if against is not None:
        other = evaluation.EvaluationFolder(against)
        comparison = evaluation.compare(results, evaluation.Results.of(other.about(), other.samples()))
        document["comparison"] = evaluation.comparison_document(comparison)
    try:
        written = evaluation.write_results(results, folder.path, comparison)
        talk.print(f"wrote {' and '.join(map(str, written))}", markup=False, style="dim")
    except errors.StorageError as error:
        # Somebody else's evaluation can be looked at all the same.
        talk.print(f"note: {error.what}", markup=False, style="dim")
    if as_json:
        print_json(document)
    else:
        data.print(results_view(results))
        if comparison is not None and against is not None:
            data.print(comparison_view(comparison, against))
