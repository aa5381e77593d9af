"""Options that several commands share, and how they become a design and settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm4cov_assist.console import talk

if TYPE_CHECKING:
    from llm4cov_engine import DesignOptions

DesignArgument = Annotated[
    str,
    typer.Argument(
        metavar="DESIGN",
        help="A folder, a .sv/.v file, a filelist .f, or DATASET.jsonl#ID; the current folder when left out.",
    ),
]
TopOption = Annotated[str | None, typer.Option("--top", help="Top module of the DUT.")]
InstanceOption = Annotated[
    str | None, typer.Option("--instance", help="Name of the DUT instance in the testbench.")
]
IncludeOption = Annotated[
    list[Path] | None, typer.Option("-I", "--include", metavar="DIR", help="Folder to search for headers.")
]
DefineOption = Annotated[
    list[str] | None, typer.Option("-D", "--define", metavar="NAME[=VALUE]", help="Preprocessor macro.")
]
SpecOption = Annotated[
    list[Path] | None, typer.Option("--spec", metavar="FILE", help="Document that describes the hardware.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of everything random.")]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", metavar="S", help="Seconds a simulation may run.")
]
TargetOption = Annotated[
    float | None,
    typer.Option("--target", metavar="PCT", min=0, max=100, help="Score in percent that counts as closed."),
]
AllowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="WHAT",
        help="Let the testbench do what is refused else: files, includes, processes, foreign, coverage, "
        "force, bind.",
    ),
]
PolicyOption = Annotated[
    str | None,
    typer.Option("--policy", metavar="NAME", help="builtin, chat, hybrid or script:FILE."),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="Model, as the endpoint names it.")]
BaseUrlOption = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Endpoint of the OpenAI protocol.")
]
SplitOption = Annotated[str, typer.Option("--split", metavar="NAME", help="Split of a hub dataset.")]
SubsetOption = Annotated[str, typer.Option("--subset", metavar="NAME", help="Subset of a hub dataset.")]
RevisionOption = Annotated[
    str, typer.Option("--revision", metavar="NAME", help="Commit, tag or branch of a hub dataset.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
LcovOption = Annotated[Path | None, typer.Option("--lcov", metavar="FILE", help="Write an LCOV tracefile.")]
CoberturaOption = Annotated[
    Path | None, typer.Option("--cobertura", metavar="FILE", help="Write Cobertura XML.")
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a report in one HTML file.")
]
ProofsOption = Annotated[
    str | None,
    typer.Option(
        "--proofs",
        metavar="WHICH",
        help="Proofs that take unreachable points out: off, any, reset or zero; see docs/closure.md.",
    ),
]
HolesOption = Annotated[int, typer.Option("--holes", metavar="N", min=0, help="Holes to list.")]


def design_options(
    top: str | None,
    instance: str | None,
    include: list[Path] | None,
    define: list[str] | None,
    spec: list[Path] | None,
) -> DesignOptions:
    """What the user says about the design, from the options above."""
    from llm4cov_engine import DesignOptions

    return DesignOptions(
        top=top or "",
        instance=instance or "",
        include_dirs=tuple(include or ()),
        defines=tuple(define or ()),
        specs=tuple(spec or ()),
    )


def flags(
    *,
    target: float | None,
    seed: int | None,
    timeout: float | None,
    allow: list[str] | None = None,
    proofs: str | None = None,
    **policy: str | int | None,
) -> dict[str, dict[str, Any]]:
    """What the options above say over the settings; the policy's by the settings' own names."""
    return {
        "coverage": {"target": target, "proofs": proofs},
        "simulator": {"seed": seed, "timeout": timeout, "allow": allow or None},
        "policy": policy,
    }


def tell_notes(notes: tuple[str, ...]) -> None:
    """Say on stderr what was assumed or left out."""
    for note in notes:
        talk.print(f"note: {note}", markup=False, style="dim")
