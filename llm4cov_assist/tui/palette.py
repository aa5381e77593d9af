"""The command palette: every command of the table, and every round and file by name would be too many."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Provider

from llm4cov_assist.tui.commands import COMMANDS, Command, keys_shown

if TYPE_CHECKING:
    from textual.command import Hits


def _help(command: Command) -> str:
    keys = keys_shown(command)
    return f"{command.help}  [{keys}]".replace("[", "(").replace("]", ")") if keys else command.help


class Commands(Provider):
    """The commands of the main screen."""

    async def discover(self) -> Hits:
        """All of them, in the order of the table."""
        for command in COMMANDS:
            yield DiscoveryHit(command.title, self._runner(command), help=_help(command))

    async def search(self, query: str) -> Hits:
        """Those that fit what was typed, by group, title or help."""
        matcher = self.matcher(query)
        for command in COMMANDS:
            name = f"{command.title}"
            if (score := matcher.match(f"{command.group} {command.title}")) > 0:
                yield Hit(score, matcher.highlight(name), self._runner(command), help=_help(command))

    def _runner(self, command: Command) -> partial[None]:
        return partial(self._run, command.action)

    def _run(self, action: str) -> None:
        self.screen.call_later(self.screen.run_action, action)
