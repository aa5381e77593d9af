"""Designs as keys of memories: equal when their content is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design


class ByDigest:
    """A design that is equal to others with the same content."""

    def __init__(self, design: Design) -> None:
        self.design = design

    def __hash__(self) -> int:
        return hash(self.design.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByDigest) and other.design.digest == self.design.digest
