from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.choice import Mode, choose, described, name_of
from llm4cov_engine.errors import PolicyError, SettingsError
from llm4cov_engine.settings.schema import PolicySettings

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_name_a_model_decides() -> None:
    assert name_of(PolicySettings()) == "builtin"
    assert name_of(PolicySettings(model="some-model")) == "chat"
    assert name_of(PolicySettings(name="builtin", model="some-model")) == "builtin"


@pytest.mark.parametrize("name", ["builtin", "chat", "hybrid"])
def test_every_name_gives_its_policy(name: str) -> None:
    assert choose(PolicySettings(name=name, model="m", base_url="http://127.0.0.1:9/v1")).name == name


def test_a_script_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.sv").write_text("module a_tb; endmodule\n")
    assert choose(PolicySettings(name=f"script:{tmp_path}")).name == "script"
    with pytest.raises(PolicyError):
        choose(PolicySettings(name=f"script:{tmp_path / 'gone'}"))


def test_only_a_model_looks_back() -> None:
    settings = PolicySettings(name="chat", model="m")
    assert choose(settings, mode=Mode.VANILLA).name == "vanilla"
    for name in ("builtin", "hybrid"):
        with pytest.raises(SettingsError, match="vanilla"):
            choose(PolicySettings(name=name), mode=Mode.VANILLA)


def test_who_is_asked_is_said_without_secrets() -> None:
    settings = PolicySettings(name="chat", model="m-7", base_url="https://user:secret@models.example/v1")
    words = described(settings)
    assert "m-7" in words
    assert "models.example" in words
    assert "secret" not in words
    assert described(PolicySettings()) == "builtin"
