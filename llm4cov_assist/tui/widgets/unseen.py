"""What widgets in hidden tabs must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

if TYPE_CHECKING:
    from typing import Self

    from textual.geometry import Region

    _Base = Widget
else:
    # A base that is a widget would hide the styles of the widget it is mixed into.
    _Base = object


def is_in_sight(widget: Widget) -> bool:
    """Whether neither the widget nor anything around it is hidden."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


class QuietWhileHidden(_Base):
    """Mixed into a widget that fills its tab.

    Its contents change while another tab is shown, and every change of their size would lay the whole screen
    out anew; turning to the tab does so anyway.
    """

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Draw anew, and lay out only what is in sight."""
        wanted = layout and is_in_sight(self)
        return super().refresh(*regions, repaint=repaint, layout=wanted, recompose=recompose)
