"""Everything that may be missing: the simulator's needs, and the model's endpoint where one is set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from llm4cov_engine.errors import PolicyError
from llm4cov_engine.simulator.doctor import Check, simulator_checks

if TYPE_CHECKING:
    from llm4cov_engine.settings.schema import PolicySettings, Settings

_MODELS_NAMED = 3


async def diagnose(settings: Settings) -> tuple[Check, ...]:
    """Check what a run needs, in the order of need. Nothing is installed or asked of a model."""
    return (
        *await simulator_checks(
            settings.simulator.verilator,
            settings.simulator.sandbox,
            settings.simulator.cache_megabytes << 20,
        ),
        await _endpoint(settings.policy),
    )


async def _endpoint(settings: PolicySettings) -> Check:
    if not (settings.model or settings.base_url or os.environ.get("OPENAI_BASE_URL")) and not os.environ.get(
        settings.key_env or "OPENAI_API_KEY"
    ):
        return Check("Model", True, "none is set; the built-in policy needs none", needed=False)
    from llm4cov_engine.policy.chat.client import ChatClient
    from llm4cov_engine.policy.chat.models import student

    try:
        found = await ChatClient(student(settings.model_dump())).look()
    except PolicyError as error:
        return Check("Model", False, error.what, error.remedy, needed=False)
    served = ", ".join(found.models[:_MODELS_NAMED])
    if len(found.models) > _MODELS_NAMED:
        served += f" and {len(found.models) - _MODELS_NAMED} more"
    if not found.model:
        return Check("Model", False, f"{found.url} serves {served}", "Choose one with --model.", needed=False)
    if not found.is_listed:
        detail = f"{found.url} does not list {found.model}; it lists {served or 'nothing'}"
        return Check("Model", False, detail, "Correct the model's name if rounds fail.", needed=False)
    return Check("Model", True, f"{found.model} at {found.url}", needed=False)
