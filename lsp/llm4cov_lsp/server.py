"""The server: what it holds between two messages, and what every feature asks of it."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from llm4cov_engine import AmbiguousTopError, Llm4CovError, __version__, in_thread
from llm4cov_lsp.checker import Checker
from llm4cov_lsp.desks import Desks
from llm4cov_lsp.options import DEFAULTS, EditorOptions
from llm4cov_lsp.positions import Drift, Lines
from llm4cov_lsp.protocol import Protocol
from llm4cov_lsp.tasks import Latest, Tasks
from llm4cov_lsp.words import declarations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pygls.workspace import TextDocument

    from llm4cov_engine import Declared
    from llm4cov_lsp.desks import Desk
    from llm4cov_lsp.live import Live

_log = logging.getLogger(__name__)

_LIVE_DELAY = 0.01
"""Seconds that a typist's further keys are waited for."""

_CHOOSE_TOP = "Open a file of one, or name it: `top` of [design] in llm4cov.toml, or llm4cov.design.top."

_LOOK_DELAY = 0.05


class Server(LanguageServer):
    """The language server.

    Attributes:
        is_pulled: whether the client asks for diagnostics; else they are sent.
        tasks: everything that runs beside the answers.
        desks: the designs that are open.
        given: settings that came with the client's first message.
        checker: the process that looks at texts.
        live: problems of the open documents' texts, by URI, as they were found last.
        checks: looks at documents while they are typed, by URI.
        looks: takes pictures of designs and publishes them, by the path of their project.
    """

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__("llm4cov", __version__, protocol_cls=Protocol, max_workers=4)
        self.tasks = Tasks()
        self.options: dict[str, EditorOptions] = {}
        self.desks = Desks(self._folders, self.options_at)
        self.checker = Checker()
        self.live: dict[str, Live] = {}
        self.published: set[str] = set()
        self.is_pulled = False
        self.touched: dict[str, int] = {}
        self.given: object = None
        self._told: set[str] = set()
        self.checks = Latest(self.tasks, self._check, _LIVE_DELAY)
        self.looks = Latest(self.tasks, self._look, _LOOK_DELAY, rests=True)

    def options_at(self, path: Path) -> EditorOptions:
        """The editor's settings for a file or folder: those of the innermost workspace folder around it."""
        found = self.options.get("", DEFAULTS)
        longest = -1
        for uri, options in self.options.items():
            root = path_of(uri) if uri else None
            if root is not None and (path == root or path.is_relative_to(root)) and len(root.parts) > longest:
                found, longest = options, len(root.parts)
        return found

    def document(self, uri: str) -> TextDocument | None:
        """An open document; None for any other."""
        found: TextDocument | None = self.workspace.text_documents.get(unquote(uri))
        return found

    @property
    def open_uris(self) -> list[str]:
        """URIs of the open documents, as the client writes them: pygls keeps them with nothing encoded."""
        # All at once: other threads ask too.
        return [str(document.uri) for document in tuple(self.workspace.text_documents.values())]

    @property
    def folder_uris(self) -> list[str]:
        """URIs of the workspace's folders, as the client writes them."""
        return [str(folder.uri) for folder in self.workspace.folders.values()]

    def uri_of(self, path: Path) -> str:
        """The URI of a file, as the client writes it when it has it open."""
        for uri in self.open_uris:
            if path_of(uri) == path:
                return uri
        return from_fs_path(str(path)) or path.as_uri()

    @property
    def encoding(self) -> str:
        """In which units the client counts."""
        encoding = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        return str(getattr(encoding, "value", encoding))

    def lines(self, text: str) -> Lines:
        """A text by lines, for the client's positions."""
        return _lines(text, self.encoding)

    def declared(self, text: str) -> tuple[Declared, ...]:
        """What a text declares."""
        return declarations(text)

    async def desk_of(self, uri: str) -> Desk | None:
        """The design of an open document; None where there is none, or it cannot be opened, which is told."""
        document, path = self.document(uri), path_of(uri)
        if document is None or path is None:
            return None
        try:
            return await self.desks.of_document(path, document.source)
        except Llm4CovError as error:
            self.tell_error(error)
            return None

    def known_desk(self, uri: str) -> Desk | None:
        """The same without waiting."""
        path = path_of(uri)
        return self.desks.known(path) if path is not None else None

    def drift(self, desk: Desk, name: str, uri: str) -> tuple[Lines, Drift]:
        """A file as it is now, and how that differs from what was measured."""
        measured = self.lines(desk.picture.texts.get(name, ""))
        document = self.document(uri)
        if document is None:
            return measured, Drift(measured.lines, measured.lines)
        now = self.lines(document.source)
        return now, _drift(measured, now)

    def live_now(self, uri: str) -> tuple[list[types.Diagnostic], bool]:
        """Problems of a document where they stand in it now, and whether it is the very text they are of."""
        document, live = self.document(uri), self.live.get(uri)
        if document is None or live is None:
            return [], False
        now = self.lines(document.source)
        return live.at(now), live.lines.text == now.text

    def tell(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a sentence to the person."""
        self.window_show_message(types.ShowMessageParams(kind, message))

    async def ask(self, message: str, titles: Iterable[str]) -> str:
        """Ask the person to choose; "" for no answer, from clients that cannot ask too."""
        actions = [types.MessageActionItem(title) for title in titles]
        params = types.ShowMessageRequestParams(types.MessageType.Info, message, actions)
        try:
            answer = await self.window_show_message_request_async(params)
        except JsonRpcException:
            return ""
        return answer.title if answer is not None else ""

    def tell_error(self, error: Llm4CovError) -> None:
        """Show what the world did wrong, once until something changes."""
        self.tell_once(words_of(error), types.MessageType.Error)

    def tell_once(self, message: str, kind: types.MessageType) -> None:
        """Show a sentence that was not shown since something has changed."""
        if message not in self._told:
            self._told.add(message)
            self.tell(message, kind)

    def hear_again(self) -> None:
        """Something has changed: what was wrong may be told once more, and is tried once more."""
        self._told.clear()
        self.desks.forget_failures()

    def supports(self, *names: str) -> bool:
        """Whether the client has a capability, named by its path."""
        value: Any = self.client_capabilities
        for name in names:
            value = getattr(value, name, None)
            if value is None:
                return False
        return bool(value)

    @property
    def resolves_edits(self) -> bool:
        """Whether the client asks for the edit of a code action when it has been chosen."""
        document = self.client_capabilities.text_document
        action = document.code_action if document is not None else None
        if action is None or action.resolve_support is None:
            return False
        return bool(action.data_support) and "edit" in action.resolve_support.properties

    def refresh(self) -> None:
        """Ask the client to ask again for what stands in the text."""
        if self.supports("workspace", "code_lens", "refresh_support"):
            self.workspace_code_lens_refresh(None)
        if self.supports("workspace", "inlay_hint", "refresh_support"):
            self.workspace_inlay_hint_refresh(None)
        if self.is_pulled and self.supports("workspace", "diagnostics", "refresh_support"):
            self.workspace_diagnostic_refresh(None)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """A message that could not be handled is a matter of the log, not of the person."""
        _log.error("%s: %s", getattr(source, "__name__", source), error)

    async def farewell(self) -> None:
        """Stop everything that is under way, and wait until no process of it is left."""
        # First, so that nothing waits for a check to end.
        await in_thread(self.checker.close)
        await self.tasks.stop()
        for desk in self.desks.all:
            await self.desks.close(desk)

    def _folders(self) -> list[Path]:
        uris = self.folder_uris or [self.workspace.root_uri or ""]
        return [path for uri in uris if (path := path_of(uri)) is not None]

    async def _check(self, uri: str) -> None:
        from llm4cov_lsp.live import check

        await check(self, uri)

    async def _look(self, key: str) -> None:
        from llm4cov_lsp.publishing import look

        await look(self, key)


def path_of(uri: str) -> Path | None:
    """The file a URI names; None for one that is none."""
    if not uri.startswith("file:"):
        return None
    try:
        name = to_fs_path(uri)
    except ValueError:
        return None
    return Path(name) if name and "\0" not in name else None


def words_of(error: Llm4CovError) -> str:
    """What the world did wrong, with a remedy that an editor has."""
    return f"{error.what} {_CHOOSE_TOP}" if isinstance(error, AmbiguousTopError) else str(error)


@lru_cache(32)
def _lines(text: str, encoding: str) -> Lines:
    return Lines(text, encoding)


@lru_cache(32)
def _drift(measured: Lines, now: Lines) -> Drift:
    return Drift(measured.lines, now.lines)
