"""Source text with colours and a gutter of signs: the ground of RTL views and testbench editors."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.document._document_navigator import DocumentNavigator
from textual.geometry import Size
from textual.strip import Strip
from textual.widgets import TextArea

from llm4cov_assist.tui import language
from llm4cov_assist.tui.document import PlainDocument, SourceDocument, UnwrappedDocument
from llm4cov_assist.tui.drawing import resize_content
from llm4cov_assist.tui.themes import DARK, INKS, LIGHT, source_theme

if TYPE_CHECKING:
    from textual.geometry import Region
    from tree_sitter import Query

_BLOCK = 64
"""Lines that are coloured at a time."""

_SIGNS = 2
"""Cells of the signs, left of the line numbers."""

Spans = list[tuple[int, int | None, str]]


@dataclass(frozen=True, slots=True)
class Sign:
    """What stands left of a line's number."""

    text: str
    ink: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all lines of a paint have in common.

    Attributes:
        look: of the text; lines that have it in common, and their own text, look the same.
        first: line at the top, from 0.
        gutter: cells of signs and line numbers.
        room: cells right of the gutter.
        left: cells of the text that are scrolled out of sight.
    """

    look: tuple[Style, int, str]
    base: Style
    number: Style
    inks: dict[str, Style]
    first: int
    gutter: int
    room: int
    left: int
    is_empty: bool


class _Colours(defaultdict[int, Spans]):
    """Coloured spans per line, made a block at a time when a line of it is drawn."""

    def __init__(self, document: SourceDocument, query: Query) -> None:
        super().__init__(list)
        self._document = document
        self._query = query

    def __bool__(self) -> bool:
        return True

    def __missing__(self, line: int) -> Spans:
        first = line // _BLOCK * _BLOCK
        last = first + _BLOCK
        for number in range(first, last):
            self[number] = []
        captures = self._document.query_syntax_tree(self._query, (first, 0), (last, 0))
        for name, nodes in captures.items():
            for node in nodes:
                (top, left), (bottom, right) = node.start_point, node.end_point
                for row in range(max(top, first), min(bottom, last - 1) + 1):
                    self[row].append((left if row == top else 0, right if row == bottom else None, name))
        return self[line]


class SourceArea(TextArea):
    """A text area that knows SystemVerilog, opens long files quickly and has room for signs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+a", "select_all", "Select all"),
        Binding("ctrl+underscore", "comment", "Comment the lines, or not"),
        # As terminals with a keyboard protocol of their own send the same stroke.
        Binding("ctrl+slash", "comment", "Comment the lines, or not", show=False),
    ]

    def __init__(self, text: str, *, read_only: bool, id: str | None = None) -> None:  # noqa: A002
        self._signs: dict[int, Sign] = {}
        self._frame: _Frame | None = None
        self._drawn: LRUCache[tuple[object, ...], Strip] = LRUCache(4096)
        super().__init__(
            text,
            language="systemverilog" if len(text) <= language.COLOURED_UP_TO else None,
            soft_wrap=False,
            read_only=read_only,
            show_line_numbers=True,
            tab_behavior="indent",
            id=id,
        )
        self.cursor_blink = False
        for name in (DARK, LIGHT):
            self.register_theme(source_theme(name))

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self._follow_theme()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._follow_theme())

    def _follow_theme(self) -> None:
        name = self.app.theme
        self.theme = name if name in INKS else DARK if self.app.current_theme.dark else LIGHT

    def show_signs(self, signs: dict[int, Sign]) -> None:
        """Put signs beside lines, which count from 1."""
        if signs != self._signs:
            self._signs = signs
            self.refresh()

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor on a place, which counts from 1, and bring it to the middle."""
        row = max(0, min(line - 1, self.document.line_count - 1))
        self.move_cursor((row, max(0, min(column - 1, len(self.document.get_line(row))))), center=True)

    def action_comment(self) -> None:
        """Make the selected lines comments, or take the comment signs away."""
        if self.read_only:
            return
        first, last = sorted(row for row, _ in self.selection)
        lines = [self.document.get_line(row) for row in range(first, last + 1)]
        filled = [line for line in lines if line.strip()]
        if filled and all(line.lstrip().startswith("//") for line in filled):
            changed = [re.sub(r"^(\s*)// ?", r"\1", line) for line in lines]
        else:
            changed = [f"// {line}" if line.strip() else line for line in lines]
        self.replace("\n".join(changed), (first, 0), (last, len(lines[-1])))

    @property
    def gutter_width(self) -> int:
        """Cells left of the text: signs and line numbers."""
        return super().gutter_width + _SIGNS

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines in sight."""
        self._frame = None
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """A line, with its sign.

        The base class draws every line anew after every key. Here only those are that differ from others: by
        the cursor, the selection or a bracket.
        """
        frame = self._frame or self._look()
        self._frame = frame
        row = frame.first + y
        if frame.is_empty or row >= self.document.line_count:
            return super().render_line(y)
        strip = super()._render_line(y) if self._is_special(row) else self._ordinary(row, frame)
        sign = self._signs.get(row + 1)
        if sign is None:
            return strip
        first = next(iter(strip), None)
        ground = first.style.bgcolor if first is not None and first.style is not None else None
        style = Style(color=sign.ink, bgcolor=ground, bold=True)
        return Strip.join([Strip([Segment(f"{sign.text} ", style)], _SIGNS), strip.crop(_SIGNS)])

    def _look(self) -> _Frame:
        theme = self._theme
        assert theme is not None
        base = theme.base_style or self.rich_style
        left, first = self.scroll_offset
        gutter = self.gutter_width
        return _Frame(
            look=(base, self.indent_width, self.theme),
            base=base,
            number=theme.gutter_style or base,
            inks=theme.syntax_styles,
            first=first,
            gutter=gutter,
            room=max(0, self.region.width - gutter),
            left=left,
            is_empty=self.document.line_count == 1 and not self.document.get_line(0),
        )

    def _is_special(self, row: int) -> bool:
        selection, bracket = self.selection, self._matching_bracket_location
        if bracket is not None and bracket[0] == row:
            return True
        top, bottom = sorted((selection.start[0], selection.end[0]))
        return top <= row <= bottom

    def _ordinary(self, row: int, frame: _Frame) -> Strip:
        text = self.document.get_line(row)
        spans = self._highlights[row]
        key = (text, tuple(spans), frame.look)
        if (drawn := self._drawn.get(key)) is None:
            drawn = self._drawn[key] = self._coloured(text, spans, frame)
        number = f"{row + self.line_number_start:>{frame.gutter - 2}}  "
        gutter = Strip([Segment(number, frame.base + frame.number)], frame.gutter)
        shown = drawn.crop(frame.left, frame.left + frame.room).extend_cell_length(frame.room, frame.base)
        return Strip.join([gutter, shown])

    def _coloured(self, text: str, spans: Spans, frame: _Frame) -> Strip:
        line = Text(text, end="", no_wrap=True, tab_size=self.indent_width)
        encoded = text.encode("utf-8", "surrogateescape")
        is_narrow = len(encoded) == len(text)

        def column(place: int) -> int:
            # The syntax tree counts bytes.
            return place if is_narrow else len(encoded[:place].decode("utf-8", "replace"))

        for left, right, name in spans:
            if (ink := frame.inks.get(name)) is not None:
                line.stylize(ink, column(left), None if right is None else column(right))
        line.expand_tabs(self.indent_width)
        return Strip(line.render(self.app.console), line.cell_len).apply_style(frame.base)

    def _set_document(self, text: str, language_name: str | None) -> None:
        # As in the base class, but with documents that answer quickly, and a query that is prepared once and
        # not once for every text.
        if language_name is None:
            self.document, self._highlight_query = PlainDocument(text), None
        else:
            self.document, self._highlight_query = SourceDocument(text, language.language()), language.query()
        self.wrapped_document = UnwrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._build_highlight_map()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def _rewrap_and_refresh_virtual_size(self) -> None:
        # The base class looks at every line whenever its tab is shown; without wrapping, nothing has changed.
        if self.wrapped_document._tab_width != self.indent_width:
            self.wrapped_document.wrap(0, self.indent_width)
        self._refresh_size()

    def _refresh_size(self) -> None:
        width, height = self.document.get_size(self.indent_width)
        # The cursor may stand behind the end of the longest line.
        resize_content(self, Size(width + self.gutter_width + 1, height))

    def _build_highlight_map(self) -> None:
        # The base class colours the whole text after every key; only what is in sight is needed.
        self._line_cache.clear()
        document, query = self.document, self._highlight_query
        if isinstance(document, SourceDocument) and query is not None:
            self._highlights = _Colours(document, query)
        else:
            self._highlights = defaultdict(list)
