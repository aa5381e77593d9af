"""The conversation: what was said and answered, what it cost, and how one gets about in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Offset
from textual.selection import Selection

from llm4cov_assist.tui.app import AssistantApp
from llm4cov_assist.tui.desk import Request
from llm4cov_assist.tui.talk import Said, TalkFile
from llm4cov_assist.tui.themes import DARK, INKS, LIGHT
from llm4cov_assist.tui.widgets.conversation import Conversation
from llm4cov_assist.tui.widgets.entries import Reply, Words
from tests.model_server import ModelServer
from tests.model_server import Reply as ServerReply
from tests.tui.project import STRONG, WEAK, Session, make, opened

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def said(testbench: str) -> str:
    return f"Here it is.\n```systemverilog\n{testbench}```\n"


async def cards(session: Session, count: int) -> None:
    """Wait until so many rounds are over and shown."""
    await session.until(lambda: len(session.main.assistant.cards) >= count, seconds=120)
    await session.rest()


def order(session: Session) -> list[str]:
    """Kinds of entries, notes left out."""
    entries = session.main.query_one(Conversation).entries
    return [
        type(entry).__name__ for entry in entries if not (isinstance(entry, Words) and entry.who == "note")
    ]


async def test_it_is_there_again_with_what_was_said_and_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test")
    root = make(tmp_path)
    async with ModelServer([ServerReply(text=said(WEAK)), ServerReply(text=said(STRONG))]) as server:
        policy = {"name": "chat", "model": "fake-1", "base_url": server.base_url, "retries": 0, "rounds": 1}
        # A price of a whole unit a token is seen at once.
        policy["budget"] = {"prompt_price": 1e6, "completion_price": 1e6}
        async with opened(root, flags={"policy": policy}) as session:
            main = session.main
            await session.press("ctrl+t")
            for words in ("wrap while enabled", "now [everything] else"):
                await session.press("ctrl+l")
                await session.type(words)
                await session.press("enter")
                await cards(session, 1 if words.startswith("wrap") else 2)
            await session.until(lambda: main.standing and main.standing.metrics)
            assert order(session) == ["Words", "Reply", "RoundCard"] * 2
            told = order(session)
            tokens = main.assistant.cards[0].node.tokens
            money = tokens.prompt + tokens.completion
            assert money > 0
            assert f"cost {money:,.2f}" in main.assistant.cards[0].draw(INKS[DARK]).plain
            assert main.status.spent > money
            assert "cost " in str(main.status.render())
    async with opened(root, policy="builtin") as session:
        main = session.main
        await session.until(lambda: len(main.assistant.replies) == 2)
        assert order(session) == told
        assert session.said("person") == ["wrap while enabled", "now [everything] else"]
        assert main.assistant.replies[0].characters == len(said(WEAK))
        # Without prices there is nothing to say of money.
        assert main.status.spent == 0


def test_words_of_another_session_and_half_a_line_are_left_out(tmp_path: Path) -> None:
    talk = TalkFile(tmp_path / "deep" / "talk.jsonl")
    assert talk.found("one") == ()
    talk.keep([Said("one", 0, "first"), Said("two", 0, "other")])
    talk.keep([Said("one", 2, "täglich")])
    with (tmp_path / "deep" / "talk.jsonl").open("a") as file:
        file.write('{"session": "one", "af')
    assert [each.text for each in talk.found("one")] == ["first", "täglich"]
    assert (tmp_path / "deep" / "talk.jsonl").stat().st_mode & 0o077 == 0


async def test_from_card_to_card_and_out_of_it(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        main = session.main
        for text in (WEAK, STRONG):
            main.editors.testbench.load("box_tb.sv", text, base="")
            await session.press("f5")
            await cards(session, 1 if text == WEAK else 2)
        conversation = main.query_one(Conversation)
        conversation.focus()
        await session.press("up")
        assert conversation.cursor is main.assistant.cards[1]
        await session.press("up")
        assert conversation.cursor is main.assistant.cards[0]
        await session.press("enter")
        await session.until(lambda: main.editors.area is not None and main.editors.area.read_only)
        assert main.editors.area is not None
        assert main.editors.area.text == WEAK
        # A click does the same.
        row = next(y for y in range(conversation.size.height) if "#2" in conversation.render_line(y).text[:8])
        await session.pilot.click(Conversation, offset=(6, row))
        await session.until(lambda: main.editors.area is not None and main.editors.area.text == STRONG)


async def test_who_reads_further_up_is_left_there(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        conversation = session.main.query_one(Conversation)
        for number in range(60):
            session.main.assistant.say("note", f"note {number}")
        await session.pilot.pause()
        assert conversation.scroll_offset.y == conversation.max_scroll_y > 0
        assert "note 59" in conversation.render_line(conversation.size.height - 2).text
        conversation.scroll_to(y=3, animate=False)
        await session.pilot.pause()
        session.main.assistant.stream("a reply\n" * 5)
        session.main.assistant.end_stream()
        await session.pilot.pause()
        assert conversation.scroll_offset.y == 3
        conversation.scroll_end(animate=False)
        session.main.assistant.say("error", "[bold]no markup[/bold]")
        await session.pilot.pause()
        assert "✗ [bold]no markup[/bold]" in conversation.render_line(conversation.size.height - 2).text


async def test_text_can_be_taken_out(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        conversation = session.main.query_one(Conversation)
        session.main.assistant.say("error", "the compiler said so")
        await session.pilot.pause()
        row = next(
            y
            for y in range(conversation.virtual_size.height)
            if "compiler" in conversation.render_line(y).text
        )
        found = conversation.get_selection(Selection(Offset(6, row), Offset(14, row)))
        assert found is not None
        assert found[0] == "compiler"


def test_every_entry_says_by_sign_what_it_is() -> None:
    for ink in INKS.values():
        assert Words("person", "x").draw(ink).plain == "› x"
        assert Words("error", "x").draw(ink).plain == "✗ x"
        assert Words("note", "x").draw(ink).plain == "x"
        assert Reply("one\ntwo\n").draw(ink).plain == "8 characters\none\ntwo"


async def test_the_theme_is_kept_from_start_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM4COV_CONFIG", str(tmp_path / "settings" / "config.toml"))
    root = make(tmp_path)
    async with opened(root, theme="") as session:
        assert session.app.theme == DARK
        await session.main.run_action("theme")
        assert session.app.theme == LIGHT
    kept = tmp_path / "settings" / "tui.json"
    assert kept.exists()
    assert AssistantApp(Request(str(root))).theme == LIGHT
    assert not list(root.rglob("tui.json"))
    for unusable in ("", "{", '{"theme": "llm4cov-pink"}', "[]"):
        kept.write_text(unusable)
        assert AssistantApp(Request(str(root))).theme == DARK
