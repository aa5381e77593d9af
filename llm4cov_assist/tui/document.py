"""Text of source areas that answers at once what is asked of it at every key and for every line drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.document._document import Document
from textual.document._syntax_aware_document import SyntaxAwareDocument
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Size

if TYPE_CHECKING:
    from textual.document._document import EditResult, Location


class PlainDocument(Document):
    """Lines whose widths are kept: the base class measures all of them after every key."""

    _tab_width = 0

    def get_size(self, tab_width: int) -> Size:
        """Cells of the longest line, and the number of lines."""
        if tab_width != self._tab_width:
            self._tab_width = tab_width
            self._widths = [self._width(line) for line in self._lines]
        return Size(max(self._widths, default=0), len(self._lines))

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace text, and measure the lines that took its place."""
        (top, _), (bottom, _) = sorted((start, end))
        result = super().replace_range(start, end, text)
        if self._tab_width:
            fresh = self._lines[top : result.end_location[0] + 1]
            self._widths[top : bottom + 1] = [self._width(line) for line in fresh]
        return result

    def _width(self, line: str) -> int:
        return cell_len(line.expandtabs(self._tab_width))


class SourceDocument(PlainDocument, SyntaxAwareDocument):
    """The same, with a syntax tree."""


class UnwrappedDocument(WrappedDocument):
    """Lines that are not wrapped; the base class counts all of them for every line that is drawn."""

    @property
    def height(self) -> int:
        """Lines on the screen."""
        return len(self._offset_to_line_info)
