"""The two models of the paper, student and teacher, as the settings name them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from llm4cov_engine.errors import SettingsError
from llm4cov_engine.policy.chat.options import ChatOptions
from llm4cov_engine.state import Author

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = frozenset(field.name for field in fields(ChatOptions)) - {"author"}


def student(policy: Mapping[str, Any]) -> ChatOptions:
    """The model that is asked unless somebody says otherwise: [policy], overridden by [policy.student].

    Args:
        policy: values of the [policy] section by name, tables as mappings; None stands for not set.
    """
    return _options(policy, policy.get("student"), Author.STUDENT)


def teacher(policy: Mapping[str, Any]) -> ChatOptions:
    """The model to learn from: [policy], overridden by [policy.teacher].

    Raises:
        SettingsError: no teacher is set.
    """
    own = policy.get("teacher")
    if not own:
        raise SettingsError(
            "The settings name no teacher.",
            "Add a table [policy.teacher] with its model, base_url and key_env.",
        )
    return _options(policy, own, Author.TEACHER)


def _options(policy: Mapping[str, Any], own: Mapping[str, Any] | None, author: Author) -> ChatOptions:
    values = {
        name: value
        for table in (policy, own or {})
        for name, value in table.items()
        if name in _NAMES and value not in (None, "")
    }
    return TypeAdapter(ChatOptions).validate_python({**values, "author": author})
