"""What the client tells of the workspace: its beginning and end, settings, folders, files on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import in_thread
from llm4cov_lsp import pulling
from llm4cov_lsp.options import read_options
from llm4cov_lsp.publishing import reload
from llm4cov_lsp.server import path_of

if TYPE_CHECKING:
    from llm4cov_lsp.server import Server

_SECTION = "llm4cov"
_WATCHED = ("**/*.{sv,v,svh,vh,f}", "**/llm4cov.toml", "**/waivers.toml")


def register(server: Server) -> None:
    """Listen."""
    feature = server.feature

    @feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def on_files(params: types.DidChangeWatchedFilesParams) -> None:
        paths = [path for each in params.changes if (path := path_of(each.uri)) is not None]
        if paths:
            await reload(server, paths)

    @feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def on_settings(params: types.DidChangeConfigurationParams) -> None:
        await _take(server, params.settings)

    @feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def on_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        gone = [path for each in params.event.removed if (path := path_of(each.uri)) is not None]
        for desk in server.desks.all:
            if desk.task is None and any(desk.place.path.is_relative_to(folder) for folder in gone):
                await server.desks.close(desk)
        server.hear_again()
        await _take(server, None)

    @feature(types.INITIALIZED)
    async def on_ready(params: types.InitializedParams) -> None:
        del params
        server.tasks.start(in_thread(server.checker.warm), "warm")
        await _watch(server)
        await _take(server, server.given)

    @feature(types.INITIALIZE)
    def on_initialize(params: types.InitializeParams) -> None:
        server.given = params.initialization_options
        if pulling.prefers_pull(params):
            pulling.register(server)

    @feature(types.SHUTDOWN)
    async def on_shutdown(*_: object) -> None:
        await server.farewell()


async def _watch(server: Server) -> None:
    registrations = []
    if server.supports("workspace", "did_change_watched_files", "dynamic_registration"):
        watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registrations.append(types.Registration("llm4cov-files", method, options))
    if server.supports("workspace", "did_change_configuration", "dynamic_registration"):
        section = types.DidChangeConfigurationRegistrationOptions(_SECTION)
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        registrations.append(types.Registration("llm4cov-settings", method, section))
    if registrations:
        server.client_register_capability(types.RegistrationParams(registrations))


async def _take(server: Server, pushed: object) -> None:
    """Take settings: the client's answer when it can be asked, else what it sent."""
    before = dict(server.options)
    if server.supports("workspace", "configuration"):
        uris = ["", *server.folder_uris]
        items = [types.ConfigurationItem(scope_uri=uri or None, section=_SECTION) for uri in uris]
        answers = await server.workspace_configuration_async(types.ConfigurationParams(items))
        given = dict(zip(uris, answers or [], strict=False))
        if pushed and not any(given.values()):
            given = {"": pushed}
    else:
        given = {"": pushed}
    wrong = ""
    for uri, value in given.items():
        server.options[uri], said = read_options(_json(value))
        wrong = wrong or said
    for uri in set(server.options) - set(given):
        del server.options[uri]
    if wrong:
        server.tell(wrong, types.MessageType.Warning)
    if server.options != before:
        await _apply(server)


async def _apply(server: Server) -> None:
    """Settings have changed: designs take what concerns the engine, the text what concerns it."""
    server.hear_again()
    for desk in server.desks.all:
        if desk.task is not None:
            desk.needs_reload = True
        elif desk.flags != server.options_at(desk.place.path).flags:
            # What the engine's settings are is decided when a design is opened.
            await server.desks.close(desk)
    for uri in server.open_uris:
        server.checks.ask(uri)
    server.refresh()


def _json(value: object) -> object:
    from llm4cov_lsp.answers import as_json

    return value if isinstance(value, dict) or value is None else as_json(value)
