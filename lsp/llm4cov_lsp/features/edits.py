"""A round's testbench as a workspace edit: of the version it was made for, rebased, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_lsp.features.merging import merged
from llm4cov_lsp.positions import Lines

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Target:
    """The document a testbench goes to, as it is now.

    Attributes:
        text: None where there is no such file yet.
        version: as the client counts; None for a file that is not open.
    """

    uri: str
    text: str | None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an edit is not made."""

    reason: str


def proposal_edit(
    target: Target, text: str, base: str | None, encoding: types.PositionEncodingKind | str
) -> types.WorkspaceEdit | Refusal:
    """The edit that puts a testbench into a document.

    Args:
        text: the testbench.
        base: what the document held when the work on it began; None when it was not there. Where the
            document has changed since, both changes are made when they keep apart.
    """
    if target.text is None:
        return _created(target.uri, text)
    wanted = text
    if base is not None and target.text not in (base, text):
        both = merged(base, target.text, text)
        if both is None:
            return Refusal("It was edited at the same lines since the round began.")
        wanted = both
    changes = line_edits(target.text, wanted, encoding)
    identifier = types.OptionalVersionedTextDocumentIdentifier(target.uri, target.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, changes)])


def line_edits(
    old: str, new: str, encoding: types.PositionEncodingKind | str
) -> Sequence[types.TextEdit | types.AnnotatedTextEdit]:
    """One edit from one text to another, of the lines between the first and the last difference."""
    if old == new:
        return []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    if any(each in old for each in ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")):
        # Line ends to Python but not to an editor: replace everything rather than count differently.
        return [types.TextEdit(Lines(old, encoding).whole, new)]
    end = len(before) - tail
    lines = Lines(old, encoding)
    stop = types.Position(end, 0) if end < len(lines) else lines.end
    replaced = types.Range(types.Position(head, 0) if head < len(lines) else lines.end, stop)
    return [types.TextEdit(replaced, "".join(after[head : len(after) - tail]))]


def _created(uri: str, text: str) -> types.WorkspaceEdit:
    start = types.Position(0, 0)
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri, None)
    return types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False, ignore_if_exists=False)),
            types.TextDocumentEdit(identifier, [types.TextEdit(types.Range(start, start), text)]),
        ]
    )
