"""Who samples states and who repairs them: the teacher, the student, or each its own (paper, section 4)."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from llm4cov_engine.choice import SCRIPT
from llm4cov_engine.errors import SettingsError
from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.policy.script import ScriptedPolicy
from llm4cov_engine.process import in_thread
from llm4cov_engine.state import Author

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.settings.schema import PolicySettings
    from llm4cov_engine.state import Proposal, State


class Role(StrEnum):
    """One of the two models."""

    STUDENT = "student"
    TEACHER = "teacher"

    @property
    def author(self) -> Author:
        """What its proposals are recorded as."""
        return Author(self.value)


class Sampling(StrEnum):
    """Which model samples the states, and which one makes transitions from them."""

    FULL_TEACHER = "full-teacher"
    IMITATION = "imitation"
    SELF_SAMPLING = "self-sampling"

    @property
    def intermediate(self) -> Role:
        """M_int: whose states are repaired."""
        return Role.TEACHER if self is Sampling.FULL_TEACHER else Role.STUDENT

    @property
    def transition(self) -> Role:
        """M_trans: whose repairs are learnt."""
        return Role.STUDENT if self is Sampling.SELF_SAMPLING else Role.TEACHER


SAMPLING_OF_STAGE = (Sampling.FULL_TEACHER, Sampling.IMITATION, Sampling.SELF_SAMPLING)
"""Of the stages 0, 1 and 2 of the paper."""


class Proposers(Protocol):
    """Gives out the policies of the two roles."""

    async def policy(self, role: Role, design: Design, made: int) -> Policy:
        """The policy that goes on for a role and a design.

        Args:
            made: how many proposals the role has made for the design already; only a script looks at it.

        Raises:
            PolicyError, SettingsError: there is none.
        """
        ...

    def name(self, role: Role) -> str:
        """What a role's policy is called in records."""
        ...


class InRole:
    """A policy whose proposals are recorded as a teacher's or a student's.

    Attributes:
        name: of the policy itself.
    """

    def __init__(self, policy: Policy, role: Role) -> None:
        self.name = policy.name
        self._policy = policy
        self._author = role.author

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """The policy's own proposal, by its role."""
        return replace(await self._policy.propose(state, seed=seed, emit=emit), author=self._author)


class NamedProposers:
    """The policies that settings and names of a command line stand for.

    Args:
        settings: of the section [policy], with its tables [policy.student] and [policy.teacher].
        names: per role "chat", "builtin" or "script:PATH"; PATH is a script, or a folder with one script
            per design, named by the design's id.
        rules: whether models are given the validity rules with every question. What is stored for training
            never holds them.
    """

    def __init__(self, settings: PolicySettings, names: dict[Role, str], *, rules: bool = True) -> None:
        self._settings = settings
        self._names = names
        self._rules = rules
        self._chats: dict[Role, Policy] = {}

    def name(self, role: Role) -> str:
        """What the role's policy is called."""
        return self._names[role]

    async def policy(self, role: Role, design: Design, made: int) -> Policy:
        """See `Proposers.policy`."""
        name = self._names[role]
        if name == "builtin":
            from llm4cov_engine.policy.builtin import BuiltinPolicy

            return InRole(BuiltinPolicy(), role)
        if name == "chat":
            if role not in self._chats:
                self._chats[role] = InRole(self._chat(role), role)
            return self._chats[role]
        if name.startswith(SCRIPT):
            path = script_of(Path(name.removeprefix(SCRIPT)), design)
            script = await in_thread(partial(ScriptedPolicy.read, path))
            script.skip(made)
            return InRole(script, role)
        raise SettingsError(f"There is no {role} '{name}'.", "Use chat, builtin or script:PATH.")

    def _chat(self, role: Role) -> Policy:
        from llm4cov_engine.policy.chat import models
        from llm4cov_engine.policy.chat.policy import ChatPolicy

        values = self._settings.model_dump()
        options = models.teacher(values) if role is Role.TEACHER else models.student(values)
        return ChatPolicy(replace(options, rules=self._rules))


def script_of(path: Path, design: Design) -> Path:
    """A design's script: its own in a folder of scripts, else the one there is."""
    return path / f"{design.id}.jsonl" if path.is_dir() and any(path.glob("*.jsonl")) else path
