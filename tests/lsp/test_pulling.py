"""A client that asks for diagnostics instead of waiting for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types

from tests.lsp.editor import COUNTER, editing, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lsp.editor import Editor

RTL, TB = "rtl/counter.sv", "tb/counter_tb.sv"

pytestmark = pytest.mark.timeout(900)


async def pull(editor: Editor, uri: str, known: str | None = None) -> Any:
    params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=known)
    return await editor.client.text_document_diagnostic_async(params)


async def pull_all(editor: Editor, known: dict[str, str]) -> dict[str, Any]:
    before = [types.PreviousResultId(uri, value) for uri, value in known.items()]
    answer = await editor.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(before))
    return {each.uri: each for each in answer.items}


async def test_diagnostics_are_of_the_text_they_are_asked_about(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path), pulls=True) as editor:
        rtl, bench = editor.open(RTL), editor.open(TB)
        first = await pull(editor, rtl)
        assert first.items == ()
        assert (await pull(editor, rtl, first.result_id)).kind == "unchanged"
        for name in ("cuont", "coumt", "conut"):
            editor.type(rtl, COUNTER.replace("= &count", f"= &{name}"))
            (error,) = (await pull(editor, rtl, first.result_id)).items
            assert name in error.message
        editor.type(rtl, COUNTER)
        assert (await pull(editor, rtl)).items == ()

        await editor.do("llm4cov.run", {"uri": bench})
        await editor.until(lambda: editor.statuses[-1].score is not None and not editor.statuses[-1].busy)
        found = await pull_all(editor, {})
        assert {each.source for each in found[rtl].items} == {"llm4cov coverage"}
        again = await pull_all(editor, {uri: each.result_id for uri, each in found.items()})
        assert {each.kind for each in again.values()} == {"unchanged"}
        # A file that is closed keeps its holes, one that nobody has is answered too.
        editor.close(rtl)
        assert (await pull(editor, rtl)).items
        assert (await pull(editor, "file:///no/such/place.sv")).items == ()
        assert editor.published == [], "nothing was sent unasked"
