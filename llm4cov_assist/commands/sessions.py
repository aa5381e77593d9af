"""`llm4cov sessions`: what the store holds."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm4cov_assist.console import data, print_json, talk, write_text
from llm4cov_assist.options import JsonOption
from llm4cov_assist.stores import opened
from llm4cov_engine import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine import Node, Session, SessionStore, SessionSummary

app = typer.Typer(no_args_is_help=True, help="List, show and remove recorded sessions.")

FolderOption = Annotated[
    Path, typer.Option("--project", metavar="DIR", help="The project whose sessions are meant.")
]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="FILE", help="A sessions.db, or its folder, instead of a project's store."
    ),
]
SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Id, or the beginning of one.")]


@contextmanager
def _store(project: Path, file: Path | None) -> Iterator[SessionStore]:
    with opened(project, [file] if file is not None else None) as stores:
        yield stores[0]


def _summary(summary: SessionSummary) -> dict[str, Any]:
    return {
        "id": summary.id,
        "created": summary.created.isoformat(),
        "changed": summary.changed.isoformat(),
        "design": summary.design,
        "top": summary.top,
        "policy": summary.policy,
        "rounds": summary.rounds,
        "status": summary.status.value if summary.status else None,
        "score": round(summary.score, 4),
        "closed": summary.closed,
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "node": node.number,
        "parent": node.parent,
        "created": node.created.isoformat(),
        "author": node.author.value if node.author else None,
        "policy": node.policy,
        "note": node.note,
        "model": node.model,
        "tokens": {"prompt": node.tokens.prompt, "completion": node.tokens.completion},
        "status": node.status.value if node.status else None,
        "score": round(node.score, 4),
        "gain": round(node.gain, 4),
        "closed": node.closed,
        "seconds": round(node.seconds, 3),
    }


@app.command("list")
def list_sessions(
    project: FolderOption = Path(), file: FileOption = None, as_json: JsonOption = False
) -> None:
    """List the sessions of a project, the newest first."""
    with _store(project, file) as store:
        sessions = store.sessions()
        if as_json:
            print_json([_summary(each) for each in sessions])
            return
        if not sessions:
            talk.print(f"No sessions in {store.path}. `llm4cov close` records one.", markup=False)
            return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("session", "changed", "design", "policy", "rounds", "status", "score"):
        table.add_column(
            name, justify="right" if name in ("rounds", "score") else "left", no_wrap=name == "session"
        )
    for each in sessions:
        table.add_row(
            each.id,
            f"{each.changed.astimezone():%Y-%m-%d %H:%M}",
            each.design,
            each.policy,
            str(each.rounds),
            each.status.value.replace("_", " ") if each.status else "no rounds",
            percent(each.score) + (" closed" if each.closed else ""),
        )
    data.print(table)


@app.command()
def show(
    session: SessionArgument,
    testbench: Annotated[
        int | None,
        typer.Option("--testbench", metavar="NODE", help="Print this node's testbench and nothing else."),
    ] = None,
    project: FolderOption = Path(),
    file: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell a session's story: every round as a tree, with its author, status and score."""
    with _store(project, file) as store:
        found = store.load(session)
        if testbench is not None:
            _print_testbench(found, testbench)
            return
        nodes = found.nodes
        best = found.best
    if as_json:
        print_json(
            {
                "id": found.id,
                "created": found.created.isoformat(),
                "design": found.design.id,
                "top": found.design.top,
                "policy": found.policy,
                "settings": found.settings,
                "tool": found.tool,
                "best": best.number,
                "nodes": [_node(node) for node in nodes],
            }
        )
        return
    data.print(f"session {found.id}  {found.design.id}  top {found.design.top}", markup=False)
    _print_tree(nodes, best)


def _print_testbench(session: Session, number: int) -> None:
    from llm4cov_engine import SessionError

    nodes = session.nodes
    state = session.state(nodes[number]) if 0 <= number < len(nodes) else None
    if state is None or state.testbench is None:
        raise SessionError(
            f"Session {session.id} has no testbench at node {number}.",
            f"`llm4cov sessions show {session.id}` lists its nodes.",
        )
    write_text(state.testbench.text)


def _print_tree(nodes: tuple[Node, ...], best: Node) -> None:
    from rich.text import Text
    from rich.tree import Tree

    def label(node: Node) -> Text:
        if node.number == 0:
            return Text("start", style="dim")
        text = Text(f"{node.number}  {node.policy or 'from outside'}  ")
        if node.status is None:
            text.append("not simulated", style="dim")
        elif node.status.value == "success":
            text.append(percent(node.score), style="bold")
            text.append(f"  {node.gain * 100:+.1f}", style="green" if node.gain > 0 else "dim")
        else:
            text.append(node.status.value.replace("_", " "), style="red")
        text.append(f"  {node.seconds:.1f} s", style="dim")
        if node.tokens.prompt or node.tokens.completion:
            text.append(f"  {node.tokens.prompt}+{node.tokens.completion} tokens", style="dim")
        if node.note:
            text.append(f"  {node.note}", style="dim")
        if node == best:
            text.append("  best", style="bold green")
        return text

    tree = Tree(label(nodes[0]))
    branches = {0: tree}
    for node in nodes[1:]:
        branches[node.number] = branches[node.parent or 0].add(label(node))
    data.print(tree)


@app.command()
def delete(session: SessionArgument, project: FolderOption = Path(), file: FileOption = None) -> None:
    """Remove one session for good."""
    with _store(project, file) as store:
        full = store.load(session).id
        store.delete(full)
    talk.print(f"Deleted session {full}.", markup=False)


@app.command()
def gc(
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than", metavar="DAYS", min=0, help="Also sessions without a round for so long."
        ),
    ] = None,
    project: FolderOption = Path(),
    file: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove abandoned sessions and give their space back."""
    with _store(project, file) as store:
        removed = store.gc(older_than_days=older_than)
    if as_json:
        print_json({"sessions": removed.sessions, "blobs": removed.blobs, "bytes_freed": removed.bytes_freed})
        return
    talk.print(
        f"Removed {removed.sessions} sessions and {removed.blobs} stored contents; "
        f"{removed.bytes_freed / 1e6:.1f} MB freed.",
        markup=False,
    )
