"""An editor for tests: a real client of the real server, with documents, answers and a memory."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Union

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

VSCODE = "visual-studio-code"
NEOVIM = "neovim@v0.7.0"
CLIENTS = (VSCODE, NEOVIM)

COUNTER = """module counter #(parameter WIDTH = 4) (
    input  logic             clk,
    input  logic             rst_n,
    input  logic             enable,
    input  logic             clear,
    output logic [WIDTH-1:0] count,
    output logic             full
);
    always_ff @(posedge clk or negedge rst_n) begin
        if (!rst_n) count <= '0;
        else if (clear) count <= '0;
        else if (enable) count <= count + 1'b1;
    end
    assign full = &count;
endmodule
"""
BENCH = """module counter_tb;
    logic clk = 0, rst_n = 0, enable = 0, clear = 0, full;
    logic [3:0] count;
    counter dut(.clk(clk), .rst_n(rst_n), .enable(enable), .clear(clear), .count(count), .full(full));
    always #5 clk = ~clk;
    initial begin
        #12 rst_n = 1;
        enable = 1;
        #40 $finish;
    end
endmodule
"""
SECONDS = 300
"""To wait for anything at all: a machine with much else to do is slow, and nothing here measures time."""


def workspace(folder: Path, *, testbench: bool = True, settings: str = "", unseen: bool = False) -> Path:
    """A small repository; one that is unseen is in no cache, so that running it takes its time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rtl").mkdir()
    text = COUNTER + (f"// {uuid.uuid4()}\n" if unseen else "")
    (folder / "rtl" / "counter.sv").write_text(text)
    (folder / "llm4cov.toml").write_text(settings or '[policy]\nname = "builtin"\n')
    if testbench:
        (folder / "tb").mkdir()
        (folder / "tb" / "counter_tb.sv").write_text(BENCH)
    return folder


class Editor:
    """The client's side: what a person sees and does.

    Attributes:
        texts: of the open documents, by URI.
        answers: the titles to choose when asked, in their order; nothing is chosen without one.
        questions: what was asked.
        statuses: of designs, as they arrived.
        applied: edits that were made.
    """

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        # pytest-lsp and pygls tell little of their types.
        self.client: Any = client
        self.folder = folder
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.answers: list[str] = []
        self.questions: list[types.ShowMessageRequestParams] = []
        self.statuses: list[Any] = []
        self.applied: list[types.WorkspaceEdit] = []
        self.published: list[types.PublishDiagnosticsParams] = []
        self.cancel_at = ""
        self._changed = asyncio.Event()
        self._listen()

    @property
    def messages(self) -> list[str]:
        return [each.message for each in self.client.messages]

    @property
    def pid(self) -> int:
        assert self.client._server is not None
        return int(self.client._server.pid)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> str:
        uri = self.uri(name)
        self.texts[uri] = (self.folder / name).read_text() if text is None else text
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, "systemverilog", 1, self.texts[uri])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, text: str) -> None:
        """Replace a document's text."""
        self.texts[uri] = text
        self.versions[uri] += 1
        identifier = types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    def save(self, uri: str, name: str) -> None:
        (self.folder / name).write_text(self.texts[uri])
        params = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
        self.client.text_document_did_save(params)

    def close(self, uri: str) -> None:
        del self.texts[uri]
        params = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        self.client.text_document_did_close(params)

    async def until(self, seen: Callable[[], Any]) -> Any:
        """Wait until something is so."""

        async def wait() -> Any:
            while not (found := seen()):
                self._changed.clear()
                await self._changed.wait()
            return found

        return await asyncio.wait_for(wait(), SECONDS)

    async def reached(self, stage: str) -> None:
        """Wait until rounds have come to a stage; several may be told of at once."""
        await self.until(lambda: any(stage in each.stage for each in self.statuses))

    async def diagnostics(self, uri: str, version: int | None = None) -> list[types.Diagnostic]:
        """What is said of a version of a document, the newest when none is named."""
        wanted = self.versions.get(uri) if version is None else version

        def seen() -> types.PublishDiagnosticsParams | None:
            found = [each for each in self.published if each.uri == uri and each.version == wanted]
            return found[-1] if found else None

        return list((await self.until(seen)).diagnostics)

    def holes(self, uri: str) -> list[types.Diagnostic]:
        """The coverage holes of a file, as they were published last."""
        last = next((each for each in reversed(self.published) if each.uri == uri), None)
        return [each for each in last.diagnostics if each.source == "llm4cov coverage"] if last else []

    async def lenses(self, uri: str) -> list[str]:
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        found = await self.client.text_document_code_lens_async(params)
        return [each.command.title for each in found or () if each.command]

    async def hover(self, uri: str, line: int, character: int = 4) -> str:
        params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        found = await self.client.text_document_hover_async(params)
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return str(found.contents.value)

    async def actions(self, uri: str, line: int, end: int | None = None) -> list[types.CodeAction]:
        reach = types.Range(types.Position(line, 0), types.Position(line if end is None else end, 0))
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), reach, types.CodeActionContext(diagnostics=[])
        )
        found = await self.client.text_document_code_action_async(params)
        return list(found or ())

    async def do(self, command: str, argument: Any = None) -> Any:
        """Execute a command of the server."""
        params = types.ExecuteCommandParams(command, [argument] if argument is not None else [])
        answer = await asyncio.wait_for(self.client.workspace_execute_command_async(params), SECONDS)
        return as_json(answer)

    async def choose(self, action: types.CodeAction) -> Any:
        """As editors do: ask for what is missing of it, make its edit, execute its command."""
        if action.edit is None and action.data is not None:
            action = await self.client.code_action_resolve_async(action)
        if action.edit is not None:
            assert self._apply(action.edit).applied
        if action.command is None:
            return None
        return await self.do(action.command.command, as_json((action.command.arguments or [None])[0]))

    async def ask(self, method: str, params: Any) -> Any:
        return as_json(await self.client.protocol.send_request_async(method, params))

    def _listen(self) -> None:
        client = self.client

        def on_status(params: Any) -> None:
            self.statuses.append(params)
            self._changed.set()
            if self.cancel_at and self.cancel_at in params.stage:
                self._cancel()

        def on_question(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
            self.questions.append(params)
            self._changed.set()
            return types.MessageActionItem(self.answers.pop(0)) if self.answers else None

        def on_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self._changed.set()
            return self._apply(params.edit)

        def on_register(params: types.RegistrationParams) -> None:
            del params

        def on_refresh(params: Any = None) -> None:
            del params

        def on_diagnostics(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)
            self._changed.set()

        for method, listener in {
            "llm4cov/status": on_status,
            types.WINDOW_SHOW_MESSAGE_REQUEST: on_question,
            types.WORKSPACE_APPLY_EDIT: on_edit,
            types.CLIENT_REGISTER_CAPABILITY: on_register,
            types.WORKSPACE_CODE_LENS_REFRESH: on_refresh,
        }.items():
            client.feature(method)(listener)
        client.protocol.fm.features.pop(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, None)
        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(on_diagnostics)

    def _cancel(self) -> None:
        self.cancel_at = ""
        for token in self.client.progress_reports:
            params = types.WorkDoneProgressCancelParams(token)
            self.client.window_work_done_progress_cancel(params)

    def _apply(self, edit: types.WorkspaceEdit) -> types.ApplyWorkspaceEditResult:
        """As an editor does it: refused where a document is no longer of the version that was meant."""
        for each in edit.document_changes or ():
            if isinstance(each, types.TextDocumentEdit):
                known = self.versions.get(each.text_document.uri)
                if known is not None and each.text_document.version not in (None, known):
                    return types.ApplyWorkspaceEditResult(applied=False, failure_reason="has changed")
        self.applied.append(edit)
        for each in edit.document_changes or ():
            if isinstance(each, types.CreateFile):
                self.texts[each.uri] = ""
                self.versions[each.uri] = 0
            elif isinstance(each, types.TextDocumentEdit):
                changes = [one for one in each.edits if isinstance(one, types.TextEdit)]
                self._edit(each.text_document.uri, changes)
        for uri, plain in (edit.changes or {}).items():
            self._edit(uri, list(plain))
        return types.ApplyWorkspaceEditResult(applied=True)

    def _edit(self, uri: str, edits: list[types.TextEdit]) -> None:
        text = self.texts.get(uri, "")
        for each in sorted(edits, key=lambda one: one.range.start, reverse=True):
            start, end = offset(text, each.range.start), offset(text, each.range.end)
            text = text[:start] + each.new_text + text[end:]
        if uri not in self.versions or self.versions[uri] == 0:
            self.texts[uri], self.versions[uri] = text, 1
            item = types.TextDocumentItem(uri, "systemverilog", 1, text)
            self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        else:
            self.type(uri, text)


def read_actions_whole(client: Any) -> None:
    """lsprotocol takes an action with a command for a command whose name is all of it, as text."""
    converter = client.protocol._converter

    def read(found: Any, _: Any) -> Any:
        kind = types.Command if isinstance(found.get("command"), str) else types.CodeAction
        return converter.structure(found, kind)

    converter.register_structure_hook(types.Command | types.CodeAction, read)
    converter.register_structure_hook(Union[types.Command, types.CodeAction], read)  # noqa: UP007


def offset(text: str, position: types.Position) -> int:
    """Where a position of UTF-16 units lies in a text."""
    ends = [0, *(each.end() for each in re.finditer(r"\r\n|\n|\r", text))]
    if position.line >= len(ends):
        return len(text)
    start = ends[position.line]
    return start + len(text[start:].encode("utf-16-le")[: 2 * position.character].decode("utf-16-le"))


def as_json(value: Any) -> Any:
    """What pygls made of an answer, as JSON again."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return value


@asynccontextmanager
async def editing(
    folder: Path,
    client: str = VSCODE,
    *,
    settings: dict[str, Any] | None = None,
    more: tuple[Path, ...] = (),
    pulls: bool = False,
) -> AsyncIterator[Editor]:
    """An editor with a folder open; it says goodbye at the end as editors do.

    Args:
        pulls: it asks for diagnostics and takes none unasked.
    """
    made: Any = make_test_lsp_client()
    made.set_configuration(settings or {}, section="llm4cov")
    read_actions_whole(made)
    editor = Editor(made, folder)
    await made.start_io(sys.executable, "-m", "llm4cov_lsp", env=dict(os.environ))
    capabilities = client_capabilities(client)
    if pulls:
        assert capabilities.text_document is not None
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()
        capabilities.text_document.publish_diagnostics = None
    folders = [types.WorkspaceFolder(uri=each.as_uri(), name=each.name) for each in (folder, *more)]
    params = types.InitializeParams(
        capabilities=capabilities, workspace_folders=folders, root_uri=folder.as_uri()
    )
    if settings and not (capabilities.workspace and capabilities.workspace.configuration):
        params.initialization_options = {"llm4cov": settings}
    try:
        await asyncio.wait_for(made.initialize_session(params), SECONDS)
        yield editor
        await asyncio.wait_for(made.shutdown_session(), SECONDS)
    finally:
        if made._server is not None and made._server.returncode is None:
            made._server.terminate()
        await made.stop()
