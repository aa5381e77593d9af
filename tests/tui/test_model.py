"""A model at the other end: words go there, tokens come, and one day it dies in mid-stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llm4cov_engine import Status
from tests.model_server import Behaviour, Cut, ModelServer
from tests.model_server import Reply as ServerReply
from tests.tui.project import STRONG, WEAK, make, opened

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def said(testbench: str) -> str:
    return f"Here it is.\n```systemverilog\n{testbench}```\n"


async def test_words_tokens_and_an_endpoint_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test")
    story: list[Behaviour] = [ServerReply(text=said(WEAK)), Cut(text=said(STRONG))]
    async with ModelServer(story, key="sk-of-the-test") as server:
        flags = {"policy": {"name": "chat", "model": "fake-1", "base_url": server.base_url, "retries": 0}}
        async with opened(make(tmp_path), flags=flags) as session:
            main = session.main
            assert "fake" in main.status.policy
            await session.press("ctrl+t", "ctrl+l")
            await session.type("wrap while enabled")
            await session.press("enter")
            await session.until(lambda: any(each.who == "person" for each in main.assistant.words))
            await session.until(lambda: main.standing and len(main.standing.nodes) >= 2)
            # The reply was there to be seen, whole or broken off.
            assert main.assistant.replies[0].characters == len(said(WEAK))
            await session.rest()
            assert "wrap while enabled" in json.dumps(server.received[0].messages)
            # The broken one is a sentence, not a crash, and the round before it stands.
            cut = main.assistant.cards[1].node
            assert cut.status is not Status.SUCCESS
            assert "connection" in cut.note.lower()
            assert main.standing is not None
            assert main.standing.state.score > 0
            assert len(main.assistant.replies) >= 2
            assert not any(each.is_running for each in main.assistant.replies)
            bench = main.desk.workbench
            assert bench is not None
            assert not bench.is_busy
