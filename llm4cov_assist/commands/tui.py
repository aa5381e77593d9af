"""`llm4cov tui`: the terminal assistant."""

from __future__ import annotations

from typing import Annotated

import typer

from llm4cov_assist import options


def tui(
    path: options.DesignArgument = ".",
    policy: options.PolicyOption = None,
    model: options.ModelOption = None,
    base_url: options.BaseUrlOption = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", metavar="N", min=1, help="Rounds of `Close coverage`.")
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="ID", help="Go on in this session.")
    ] = None,
    target: options.TargetOption = None,
    top: options.TopOption = None,
    instance: options.InstanceOption = None,
    include: options.IncludeOption = None,
    define: options.DefineOption = None,
    spec: options.SpecOption = None,
    seed: options.SeedOption = None,
    timeout: options.TimeoutOption = None,
    allow: options.AllowOption = None,
) -> None:
    """Open the terminal assistant on an RTL repository.

    It goes on in the newest session about the same RTL. F1 lists every command.
    """
    # Textual takes a second to load; no other command shall wait for it.
    from llm4cov_assist.tui.app import AssistantApp
    from llm4cov_assist.tui.desk import Request

    flags = options.flags(
        target=target,
        seed=seed,
        timeout=timeout,
        allow=allow,
        name=policy,
        model=model,
        base_url=base_url,
        rounds=rounds,
    )
    chosen = options.design_options(top, instance, include, define, spec)
    folder = AssistantApp(Request(path, chosen, flags, session)).run()
    while folder is not None:
        folder = AssistantApp(Request(str(folder)), welcome=False).run()
