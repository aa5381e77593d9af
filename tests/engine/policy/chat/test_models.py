"""Student and teacher, from the settings to the options of their calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.errors import SettingsError
from llm4cov_engine.policy.chat.budget import Budget
from llm4cov_engine.policy.chat.models import student, teacher
from llm4cov_engine.policy.chat.options import ChatOptions, Edit
from llm4cov_engine.policy.chat.policy import ChatPolicy
from llm4cov_engine.settings.loading import load_settings
from llm4cov_engine.state import Author, State
from tests.engine.policy.chat.designs import DESIGN, IDLE
from tests.model_server import ModelServer, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def policy_section(tmp_path: Path, text: str) -> Mapping[str, object]:
    (tmp_path / "llm4cov.toml").write_text(text)
    return load_settings(tmp_path, environment={}).policy.model_dump()


def test_what_is_not_set_has_the_defaults(tmp_path: Path) -> None:
    assert student(policy_section(tmp_path, "")) == ChatOptions()


def test_every_setting_arrives(tmp_path: Path) -> None:
    section = policy_section(
        tmp_path,
        """
        [policy]
        model = "big"
        base_url = "http://here:1/v1"
        key_env = "MY_API_KEY"
        temperature = 0.5
        top_p = 0.75
        max_tokens = 100
        context_tokens = 4000
        deadline_seconds = 5
        idle_seconds = 2
        retries = 0
        rules = false
        edit = "patch"
        prompts = "prompts"
        [policy.budget]
        calls = 3
        tokens = 1000
        money = 1.5
        prompt_price = 2
        completion_price = 8
        """,
    )
    assert student(section) == ChatOptions(
        model="big",
        base_url="http://here:1/v1",
        key_env="MY_API_KEY",
        temperature=0.5,
        top_p=0.75,
        max_tokens=100,
        context_tokens=4000,
        deadline_seconds=5.0,
        idle_seconds=2.0,
        retries=0,
        rules=False,
        edit=Edit.PATCH,
        prompts=tmp_path / "prompts",
        budget=Budget(3, 1000, 1.5, 2.0, 8.0),
    )


BOTH = """
[policy]
model = "common"
temperature = 0.5
rules = true
[policy.student]
model = "small"
[policy.teacher]
model = "big"
base_url = "https://elsewhere/v1"
key_env = "ELSEWHERE_API_KEY"
temperature = 1.0
"""


def test_student_and_teacher_override_what_they_share(tmp_path: Path) -> None:
    section = policy_section(tmp_path, BOTH)
    assert student(section) == ChatOptions(model="small", temperature=0.5, rules=True)
    assert teacher(section) == ChatOptions(
        model="big",
        base_url="https://elsewhere/v1",
        key_env="ELSEWHERE_API_KEY",
        temperature=1.0,
        rules=True,
        author=Author.TEACHER,
    )


def test_a_teacher_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no teacher"):
        teacher(policy_section(tmp_path, ""))


@pytest.mark.parametrize(
    "line",
    [
        'api_key = "sk-1"',
        'key_env = "HOME"',
        'edit = "vi"',
        "[policy.teacher]\nkey = 1",
        "[policy.budget]\ncalls = 0",
    ],
)
def test_settings_that_make_no_sense_are_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        policy_section(tmp_path, f"[policy]\n{line}\n")


async def test_the_teacher_takes_over_from_the_student(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "students-key")
    monkeypatch.setenv("ELSEWHERE_API_KEY", "teachers-key")
    reply = Reply(text=f"```\n{IDLE}```", times=0)
    async with (
        ModelServer([reply], models=("small",), key="students-key") as near,
        ModelServer([reply], models=("big",), key="teachers-key") as far,
    ):
        text = BOTH.replace("https://elsewhere/v1", far.base_url)
        text = text.replace('model = "common"', f'model = "common"\nbase_url = "{near.base_url}"')
        section = policy_section(tmp_path, text)
        for options, author in ((student(section), Author.STUDENT), (teacher(section), Author.TEACHER)):
            proposal = await ChatPolicy(options).propose(State(DESIGN), seed=1)
            assert proposal.testbench is not None
            assert (proposal.author, proposal.model) == (author, options.model)
        assert (len(near.chats), len(far.chats)) == (1, 1)
