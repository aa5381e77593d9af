"""Draws what has changed on the screen, and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import Compositor
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual._compositor import ChopsUpdate
    from textual.geometry import Region, Size
    from textual.scroll_view import ScrollView
    from textual.widgets import Tab

_MOST_REGIONS = 100
"""Changed regions above which looking for the widgets in them costs more than it saves."""

Places = dict[Widget, tuple["Region", "Region"]]
"""Widgets, the foremost first, with their region and what of it is not clipped."""


class NarrowCompositor(Compositor):
    """A compositor that asks only those widgets for their lines that are seen in changed regions.

    The base class asks every widget in the smallest box around all changes, which is most of the screen when
    a reply grows in the one corner and the clock of the status bar turns in the other; and all that is behind
    a widget, though widgets are never transparent.
    """

    def render_partial_update(self) -> ChopsUpdate | None:
        """The changed parts."""
        changed = tuple(self._dirty_regions)
        if len(changed) > _MOST_REGIONS:
            return super().render_partial_update()
        # Made from all widgets, and kept: to be there before some are left out.
        _ = self.cuts
        every = self.visible_widgets
        narrow = _seen_in(changed, every)
        self._visible_widgets = narrow
        try:
            return super().render_partial_update()
        finally:
            # Unless drawing has moved something, and all is to be found anew.
            if self._visible_widgets is narrow:
                self._visible_widgets = every

    def update_widgets(self, widgets: set[Widget]) -> None:
        """Note what has changed.

        The base class arranges the whole screen anew for every change of a widget that is hidden.
        """
        super().update_widgets(widgets & self.visible_widgets.keys())


def _seen_in(changed: Sequence[Region], places: Mapping[Widget, tuple[Region, Region]]) -> Places:
    seen: Places = {}
    uncovered = list(changed)
    for widget, (region, clip) in places.items():
        shown = region.intersection(clip)
        if any(shown.overlaps(each) for each in uncovered):
            seen[widget] = (region, clip)
            uncovered = [each for each in uncovered if not shown.contains_region(each)]
            if not uncovered:
                break
    return seen


def relabel(tab: Tab, words: str) -> None:
    """Name a tab; only a name of another length moves the tabs beside it, and asks for a layout."""
    label = Content(words)
    if label.plain == tab.label.plain:
        return
    if label.cell_length == tab.label.cell_length:
        tab._label = label
        Static.update(tab, label, layout=False)
    else:
        tab.label = label


def resize_content(view: ScrollView, size: Size) -> None:
    """Change the size of what a view scrolls over.

    Textual lays out the whole screen whenever such a size changes, with every longer line; nothing but the
    view's own scrollbars depends on it. Where one of them comes or goes, the view still asks for a layout.
    """
    if not view.is_mounted:
        view.virtual_size = size
    elif size != view.virtual_size:
        view.set_reactive(Widget.virtual_size, size)
        view._scroll_update(size)
        view.refresh()
