"""Draws what has changed on the screen, and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import Compositor

if TYPE_CHECKING:
    from textual._compositor import ChopsUpdate

_MOST_REGIONS = 100
"""Changed regions above which looking for the widgets in them costs more than it saves."""


class NarrowCompositor(Compositor):
    """A compositor that asks only widgets in changed regions for their lines.

    The base class asks every widget in the smallest box around all changes, which is most of the screen when
    a reply grows in the one corner and the clock of the status bar turns in the other.
    """

    def render_partial_update(self) -> ChopsUpdate | None:
        """The changed parts."""
        changed = tuple(self._dirty_regions)
        if len(changed) > _MOST_REGIONS:
            return super().render_partial_update()
        # Made from all widgets, and kept: to be there before some are left out.
        _ = self.cuts
        every = self.visible_widgets
        narrow = {
            widget: (region, clip)
            for widget, (region, clip) in every.items()
            if any(region.overlaps(each) and clip.overlaps(each) for each in changed)
        }
        self._visible_widgets = narrow
        try:
            return super().render_partial_update()
        finally:
            # Unless drawing has moved something, and all is to be found anew.
            if self._visible_widgets is narrow:
                self._visible_widgets = every
