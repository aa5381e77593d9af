"""Colours: two themes, and inks for coverage that people of any colour vision tell apart.

The inks are those of Okabe and Ito ("Color Universal Design", 2008), lighter or darker with the background.
Every one goes with a sign of its own, so that nothing is said by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual.theme import Theme

from llm4cov_engine import LineStatus

if TYPE_CHECKING:
    from textual.app import App
    from textual.widgets.text_area import TextAreaTheme

DARK = "llm4cov-dark"
LIGHT = "llm4cov-light"


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours with a meaning of their own."""

    hit: str
    partly: str
    missed: str
    unreachable: str
    waived: str
    quiet: str
    keyword: str
    type: str
    string: str
    number: str
    function: str
    macro: str

    def of(self, status: LineStatus) -> str:
        """The ink of a line."""
        return str(getattr(self, status.value))

    def of_ratio(self, ratio: float) -> str:
        """The ink of a share of coverage in [0, 1]."""
        return self.hit if ratio >= 0.95 else self.partly if ratio >= 0.7 else self.missed


INKS = {
    DARK: Inks(
        hit="#56B4E9",
        partly="#E6A53A",
        missed="#F07B4B",
        unreachable="#8A93A6",
        waived="#D79BBD",
        quiet="#7F889B",
        keyword="#C792EA",
        type="#6CC7D6",
        string="#9CCB7B",
        number="#E8B57A",
        function="#7FA8F0",
        macro="#E58FA6",
    ),
    LIGHT: Inks(
        hit="#00629E",
        partly="#8F5B00",
        missed="#B83A00",
        unreachable="#667080",
        waived="#8E4470",
        quiet="#667080",
        keyword="#7A3EA8",
        type="#0B6E7F",
        string="#3C7219",
        number="#94520A",
        function="#1F4FB0",
        macro="#A3284B",
    ),
}

SIGNS = {
    LineStatus.HIT: "✓",
    LineStatus.PARTLY: "~",
    LineStatus.MISSED: "✗",
    LineStatus.UNREACHABLE: "∅",
    LineStatus.WAIVED: "w",
}
"""What stands in the gutter beside the colour."""


def themes() -> tuple[Theme, Theme]:
    """The themes of the application, the dark one first."""
    dark, light = INKS[DARK], INKS[LIGHT]
    return (
        Theme(
            DARK,
            primary="#4E86D8",
            secondary="#56B4E9",
            accent="#E6A53A",
            warning=dark.partly,
            error=dark.missed,
            success=dark.hit,
            foreground="#D5DAE4",
            background="#14171D",
            surface="#191D25",
            panel="#222732",
            dark=True,
            variables=_variables(dark, "#D5DAE4", "#14171D"),
        ),
        Theme(
            LIGHT,
            primary="#2F65B8",
            secondary="#00629E",
            accent="#8F5B00",
            warning=light.partly,
            error=light.missed,
            success=light.hit,
            foreground="#20262E",
            background="#FFFFFF",
            surface="#F7F8FA",
            panel="#E7EAEF",
            dark=False,
            variables=_variables(light, "#20262E", "#FFFFFF"),
        ),
    )


def _variables(ink: Inks, foreground: str, background: str) -> dict[str, str]:
    """Colours beside those that Textual derives by itself."""
    ground = dict.fromkeys(
        (
            f"scrollbar-{part}"
            for part in ("background", "background-hover", "background-active", "corner-color")
        ),
        background,
    )
    return {
        "quiet": ink.quiet,
        "footer-key-foreground": ink.partly,
        "scrollbar": f"{foreground} 20%",
        "scrollbar-hover": f"{foreground} 35%",
    } | ground


def inks(app: App[Any]) -> Inks:
    """The inks that go with the application's theme, whichever it is."""
    return INKS.get(app.theme) or INKS[DARK if app.current_theme.dark else LIGHT]


@cache
def source_theme(name: str) -> TextAreaTheme:
    """Colours of source text for one of the two themes."""
    from textual.widgets.text_area import TextAreaTheme

    ink = INKS[name]
    return TextAreaTheme(
        name=name,
        syntax_styles={
            "comment": Style(color=ink.quiet, italic=True),
            "string": Style(color=ink.string),
            "number": Style(color=ink.number),
            "function": Style(color=ink.function),
            "macro": Style(color=ink.macro),
            "type": Style(color=ink.type),
            "keyword": Style(color=ink.keyword),
            "instance": Style(color=ink.function, bold=True),
        },
    )
