"""From settings to the policy they name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.errors import SettingsError
from llm4cov_engine.guidance import NO_GUIDANCE, Guidance

if TYPE_CHECKING:
    from llm4cov_engine.policy.chat.budget import Spending
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.settings.schema import PolicySettings
    from llm4cov_engine.simulator.options import SimulatorOptions

POLICIES = ("builtin", "chat", "hybrid")
"""Names of the policies that need no file."""

SCRIPT = "script:"
"""Begins the name of a policy that replays a file."""


class Mode(StrEnum):
    """What a policy sees and how often it is asked (paper, section 3)."""

    MEMORYLESS = "memoryless"
    """The state and nothing else, round after round."""
    VANILLA = "vanilla"
    """The whole history; only a model can make use of it."""
    DIRECT = "direct"
    """One round from s0."""


def name_of(settings: PolicySettings) -> str:
    """The policy that is named; without a name, chat when a model is set and builtin otherwise."""
    return settings.name or ("chat" if settings.model else "builtin")


def described(settings: PolicySettings) -> str:
    """The policy in words: its name, and for a model which one is asked and where.

    Raises:
        SettingsError: there is no such policy.
        PolicyError: the endpoint is no URL.
    """
    name = name_of(settings)
    if name not in POLICIES and not name.startswith(SCRIPT):
        raise _unknown(name)
    if name not in ("chat", "hybrid"):
        return name
    from llm4cov_engine.policy.chat.endpoint import Endpoint
    from llm4cov_engine.policy.chat.models import student

    options = student(settings.model_dump())
    model = options.model or "the model"
    return f"{name} ({model} at {Endpoint.of(options).shown})"


def choose(
    settings: PolicySettings,
    *,
    mode: Mode = Mode.MEMORYLESS,
    seed: int = 1,
    guidance: Guidance = NO_GUIDANCE,
    account: Spending | None = None,
    options: SimulatorOptions | None = None,
    budget_seconds: float | None = None,
) -> Policy:
    """The policy the settings name.

    Args:
        settings: of the section [policy].
        mode: vanilla needs the chat policy.
        seed: of the first round.
        guidance: what a person asks for; a script does not listen.
        account: that pays for the model, where several policies have one together.
        options: how the built-in policy simulates when it searches.
        budget_seconds: of the whole run; a search ends well before it.

    Raises:
        PolicyError: its script cannot be read, or no endpoint can be asked.
        SettingsError: there is no such policy, or the mode does not go with it.
    """
    name = name_of(settings)
    if mode is Mode.VANILLA and name != "chat":
        raise SettingsError(
            f"The policy {name} has no mode vanilla: only a model can look back on its history.",
            "Use --policy chat, or leave the mode out.",
        )
    if name == "builtin":
        return _builtin(guidance, options, budget_seconds)
    if name.startswith(SCRIPT):
        from llm4cov_engine.policy.script import ScriptedPolicy

        return ScriptedPolicy.read(Path(name.removeprefix(SCRIPT)))
    if name == "chat":
        return _guided(_chat(settings, mode, account), guidance)
    if name == "hybrid":
        from llm4cov_engine.policy.hybrid import HybridPolicy

        # The built-in policy's testbenches are long: a patch costs a tenth of the tokens.
        patching = settings.model_copy(update={"edit": settings.edit or "patch"})
        chat = _guided(_chat(patching, mode, account), guidance)
        return HybridPolicy(_builtin(guidance, options, budget_seconds), chat, first_seed=seed)
    raise _unknown(name)


def _unknown(name: str) -> SettingsError:
    return SettingsError(f"There is no policy '{name}'.", f"Use {', '.join(POLICIES)} or {SCRIPT}FILE.")


def _builtin(guidance: Guidance, options: SimulatorOptions | None, budget_seconds: float | None) -> Policy:
    from llm4cov_engine.policy.builtin import BuiltinPolicy
    from llm4cov_engine.search.effort import Effort

    return BuiltinPolicy(
        holes=guidance.holes, options=options, effort=Effort(), budget_seconds=budget_seconds
    )


def _guided(policy: Policy, guidance: Guidance) -> Policy:
    if not guidance:
        return policy
    from llm4cov_engine.policy.guided import GuidedPolicy

    return GuidedPolicy(policy, guidance)


def _chat(settings: PolicySettings, mode: Mode, account: Spending | None) -> Policy:
    from llm4cov_engine.policy.chat.models import student
    from llm4cov_engine.policy.chat.policy import ChatPolicy, VanillaChatPolicy

    options = student(settings.model_dump())
    return VanillaChatPolicy(options, account) if mode is Mode.VANILLA else ChatPolicy(options, account)
