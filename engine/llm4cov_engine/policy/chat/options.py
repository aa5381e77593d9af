"""What a user may decide about a model and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from llm4cov_engine.policy.chat.budget import Budget
from llm4cov_engine.state import Author

KEY_VARIABLE = "OPENAI_API_KEY"
"""Environment variable of the key where the settings name no other."""


class Edit(StrEnum):
    """How a model changes a testbench: it writes the file anew, or search-and-replace blocks."""

    FILE = "file"
    PATCH = "patch"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """A model, where it is, and how it is asked. The key is no part of it.

    Attributes:
        model: as the endpoint names it; "" for the only one the endpoint serves.
        base_url: of the endpoint, up to and with "/v1"; "" for OPENAI_BASE_URL, else OpenAI's own.
        key_env: environment variable that holds the key, read when a call is made.
        author: recorded for the model's proposals: student or teacher.
        temperature: None leaves it to the endpoint.
        top_p: None leaves it to the endpoint.
        max_tokens: most tokens of one reply, thinking included; 0 leaves it to the endpoint.
        context_tokens: tokens a prompt and its reply may take together; prompts are cut to fit.
        deadline_seconds: for one call with all its retries, from request to last token.
        idle_seconds: without a byte from the endpoint, after which a request counts as lost.
        retries: further attempts for what may pass: a busy or failing server, a broken connection.
        rules: whether the validity rules are part of the prompt; None for in round 0 only.
        edit: how the model changes an existing testbench.
        prompts: folder with the user's own prompt templates; those it lacks are the package's.
        budget: of the whole policy.
    """

    model: str = ""
    base_url: str = ""
    key_env: str = KEY_VARIABLE
    author: Author = Author.STUDENT
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int = 16_384
    context_tokens: int = 64_000
    deadline_seconds: float = 600.0
    idle_seconds: float = 180.0
    retries: int = 4
    rules: bool | None = None
    edit: Edit = Edit.FILE
    prompts: Path | None = None
    budget: Budget = field(default_factory=Budget)
