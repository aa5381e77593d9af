"""The `llm4cov` command, assembled from its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from llm4cov_assist.commands import (
    close,
    contamination,
    doctor,
    evaluate,
    export,
    filtering,
    lsp,
    push,
    run,
    select,
    sessions,
    stats,
    synth,
    tui,
)

app = typer.Typer(
    name="llm4cov",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Closes hardware coverage: writes SystemVerilog testbenches, runs them on Verilator, repairs them.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from llm4cov_engine import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    pass


app.command("doctor")(doctor.doctor)
app.command("run")(run.run)
app.command("close")(close.close)
app.command("tui")(tui.tui)
app.command("lsp")(lsp.lsp)
app.add_typer(sessions.app, name="sessions")
app.command("export")(export.export)
app.command("eval")(evaluate.evaluate)
app.command("synth")(synth.synth)
app.command("select")(select.select)
app.command("filter")(filtering.filter_rounds)
app.command("contamination")(contamination.contamination)
app.command("push")(push.push)
app.command("stats")(stats.stats)
