"""Putting a round's testbench into the editor: when the person says so, and as an edit they can undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from llm4cov_engine import Llm4CovError, in_thread, percent
from llm4cov_lsp.features.edits import Refusal, Target, proposal_edit
from llm4cov_lsp.server import path_of
from llm4cov_lsp.subjects import Subject, desk_of, target_now

if TYPE_CHECKING:
    from llm4cov_engine import State, Testbench
    from llm4cov_lsp.desks import Desk
    from llm4cov_lsp.server import Server

_APPLY = "Apply"
_KEEP = "Not now"


async def propose(server: Server, desk: Desk, target: Target, state: State) -> None:
    """Offer the testbench that rounds have brought, as the settings want it offered.

    Args:
        target: the document as it was when the rounds began.
    """
    assert state.testbench is not None
    path = path_of(target.uri)
    wanted = server.options_at(path or desk.folder).apply
    if wanted == "never":
        return
    if wanted == "ask":
        name = path.name if path is not None else target.uri
        verb = "Put it into" if target.text is not None else "Write it to"
        question = f"The best testbench reaches {percent(state.score)}. {verb} {name}?"
        if await server.ask(question, (_APPLY, _KEEP)) != _APPLY:
            return
    await apply(server, desk, target, state.testbench, base=target.text)


async def edit_of_round(server: Server, subject: Subject) -> types.WorkspaceEdit | None:
    """The edit that puts a round's testbench into a document as it is now; None where there is no such."""
    document, number = server.document(subject.uri), subject.round or 0
    try:
        desk = await desk_of(server, subject)
        if document is None or not 0 < number < len(desk.picture.nodes):
            return None
        state = await in_thread(lambda: desk.workbench.state_of(desk.picture.nodes[number]))
    except Llm4CovError as error:
        server.tell_error(error)
        return None
    target = target_now(server, Target(subject.uri, document.source))
    if state.testbench is None:
        return None
    edit = proposal_edit(target, state.testbench.text, target.text, server.encoding)
    return _understood(server, edit) if isinstance(edit, types.WorkspaceEdit) else None


async def apply(
    server: Server, desk: Desk, target: Target, testbench: Testbench, *, base: str | None
) -> bool:
    """Put a testbench into a document; False when it was refused, which the person is told.

    Args:
        base: the document's text when the work on it began; what has been typed since is kept where it
            keeps apart from the change.
    """
    del desk
    now = await in_thread(lambda: target_now(server, target))
    edit = proposal_edit(now, testbench.text, base, server.encoding)
    if isinstance(edit, Refusal):
        server.tell(f"The testbench was not applied. {edit.reason}", types.MessageType.Warning)
        return False
    if not server.supports("workspace", "apply_edit"):
        server.tell("This editor takes no edits from its server.", types.MessageType.Warning)
        return False
    params = types.ApplyWorkspaceEditParams(_understood(server, edit), label="Testbench of a round")
    try:
        answer = await server.workspace_apply_edit_async(params)
    except JsonRpcException as error:
        answer = types.ApplyWorkspaceEditResult(applied=False, failure_reason=str(error))
    if not answer.applied:
        why = f" {answer.failure_reason}" if answer.failure_reason else ""
        server.tell(f"The editor did not apply the testbench.{why}", types.MessageType.Warning)
    return answer.applied


def _understood(server: Server, edit: types.WorkspaceEdit) -> types.WorkspaceEdit:
    """The same for a client that knows no versions and creates no files: it makes what it does not find."""
    if server.supports("workspace", "workspace_edit", "document_changes"):
        return edit
    changes = {
        each.text_document.uri: [one for one in each.edits if isinstance(one, types.TextEdit)]
        for each in edit.document_changes or ()
        if isinstance(each, types.TextDocumentEdit)
    }
    return types.WorkspaceEdit(changes=changes)
