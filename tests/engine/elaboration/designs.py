"""Small designs for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration import elaborate

if TYPE_CHECKING:
    from llm4cov_engine.elaboration.records import Elaboration


def design(text: str, top: str = "top", *, headers: dict[str, str] | None = None, **more: object) -> Design:
    return Design(
        id="test",
        sources=(SourceFile("rtl/top.sv", text),),
        top=top,
        headers=tuple(SourceFile(name, content) for name, content in (headers or {}).items()),
        **more,  # type: ignore[arg-type]
    )


def elaborated(text: str, top: str = "top", **more: object) -> Elaboration:
    return elaborate(design(text, top, **more))  # type: ignore[arg-type]


def clocked(body: str, ports: str = "input logic clk, rst, d, output logic q") -> Elaboration:
    """A module `top` with one clocked body."""
    return elaborated(f"module top({ports});\n{body}\nendmodule\n")


def clocks(elaboration: Elaboration) -> list[tuple[str, tuple[str, ...], int]]:
    return [(each.port, tuple(map(str, each.edges)), each.flops) for each in elaboration.clocks]


def resets(elaboration: Elaboration) -> list[tuple[str, str, str, int]]:
    return [
        (
            each.port,
            "low" if each.active_low else "high",
            "async" if each.asynchronous else "sync",
            each.blocks,
        )
        for each in elaboration.resets
    ]
