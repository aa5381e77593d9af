"""`llm4cov run`: one simulator call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm4cov_assist import options
from llm4cov_assist.console import data, print_json, talk
from llm4cov_assist.outcome import exit_status, write_reports
from llm4cov_assist.progress import Progress
from llm4cov_assist.running import run as run_to_end
from llm4cov_assist.tables import feedback_view
from llm4cov_engine import Project, Proves, State, load_testbench, report


def run(
    tb: Annotated[Path, typer.Option("--tb", metavar="FILE", help="The testbench to simulate.")],
    design: options.DesignArgument = ".",
    top: options.TopOption = None,
    instance: options.InstanceOption = None,
    include: options.IncludeOption = None,
    define: options.DefineOption = None,
    spec: options.SpecOption = None,
    target: options.TargetOption = None,
    seed: options.SeedOption = None,
    timeout: options.TimeoutOption = None,
    allow: options.AllowOption = None,
    proofs: options.ProofsOption = None,
    holes: options.HolesOption = 10,
    lcov: options.LcovOption = None,
    cobertura: options.CoberturaOption = None,
    html: options.HtmlOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Simulate one testbench and report status, coverage and holes.

    Exit status: 0 success and every target met, 1 the testbench failed, 3 a target was not met, 2 wrong
    usage or environment.
    """
    project = Project.open(
        design,
        options.design_options(top, instance, include, define, spec),
        options.flags(target=target, seed=seed, timeout=timeout, allow=allow, proofs=proofs),
    )
    testbench = load_testbench(tb)
    # Proofs take seconds: known ones are applied, new ones are looked for when someone asks for them.
    proves = Proves.AT_ONCE if proofs is not None else Proves.KNOWN
    options.tell_notes(project.design.notes)
    with Progress() as progress:
        feedback = run_to_end(project.simulator(proves=proves).simulate(project.design, testbench, progress))
    state = State(project.design, testbench, feedback)
    write_reports(state, lcov=lcov, cobertura=cobertura, html=html)
    if as_json:
        print_json(report.run_document(state))
    else:
        options.tell_notes(feedback.notes)
        data.print(feedback_view(project.design, feedback))
        if feedback.coverage is None or exit_status(state) == 1:
            talk.print(feedback.log.rstrip(), markup=False)
        elif found := report.holes_text(project.design, feedback.coverage, holes):
            data.print(found, markup=False)
    raise typer.Exit(exit_status(state))
