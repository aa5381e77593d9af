"""The `openai` package, which takes two seconds to import."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any


async def openai_package() -> Any:
    """Import it without holding up the event loop, and hand it out."""
    return await asyncio.to_thread(import_module, "openai")
