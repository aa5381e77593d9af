"""Where a model is, and the one place that touches the key."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from llm4cov_engine.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from openai import AsyncOpenAI

    from llm4cov_engine.policy.chat.options import ChatOptions

OPENAI_URL = "https://api.openai.com/v1"
_NO_KEY = "no-key-needed"
_LONGEST_QUOTE = 300
_CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class Endpoint:
    """An endpoint as the options and the environment name it.

    Attributes:
        url: up to and with "/v1".
        key_env: environment variable of the key.
    """

    url: str
    key_env: str

    @classmethod
    def of(cls, options: ChatOptions) -> Endpoint:
        """The endpoint that options mean.

        Raises:
            PolicyError: the URL is none.
        """
        url = (options.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).rstrip("/")
        endpoint = cls(url, options.key_env)
        if not endpoint._is_valid:
            raise PolicyError(
                f"The endpoint {endpoint.shown} is not a URL.",
                "Give --base-url or OPENAI_BASE_URL the form http://HOST:PORT/v1.",
            )
        return endpoint

    @cached_property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def _is_valid(self) -> bool:
        try:
            return self._parts.scheme in ("http", "https") and bool(self._parts.hostname) and self._port > 0
        except ValueError:
            return False

    @property
    def _host(self) -> str:
        return self._parts.hostname or ""

    @property
    def _port(self) -> int:
        return self._parts.port or (443 if self._parts.scheme == "https" else 80)

    @property
    def shown(self) -> str:
        """The URL as people may see it: without a user, a password or a query in it."""
        if not self._is_valid:
            return "in the settings"
        name = f"[{self._host}]" if ":" in self._host else self._host
        port = f":{self._parts.port}" if self._parts.port else ""
        return f"{self._parts.scheme}://{name}{port}{self._parts.path}"

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return self._host in ("localhost", "::1") or self._host.startswith("127.")

    @property
    def has_key(self) -> bool:
        """Whether a key is set for it."""
        return bool(self._key)

    @property
    def _key(self) -> str:
        return os.environ.get(self.key_env, "").strip()

    def clean(self, text: str) -> str:
        """A server's words, fit to be shown and stored: on one line, bounded, without the key or the URL."""
        text = " ".join(self.hide(text).replace(self.url, self.shown).split())
        return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE].rstrip() + " ..."

    def hide(self, text: str) -> str:
        """A text without the key and without a password of the URL, whoever wrote them into it."""
        for secret in (self._key, self._parts.password):
            if secret:
                text = text.replace(secret, "***")
        return text

    async def reach(self) -> None:
        """Look whether a server on this machine is there, before anything waits for it.

        Raises:
            PolicyError: nobody listens.
        """
        if not self.is_local:
            return
        try:
            _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            raise PolicyError(
                f"Nothing listens at {self.shown}.",
                "Start the model server, or name another endpoint with --base-url or OPENAI_BASE_URL.",
            ) from None
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def open(
        self, options: ChatOptions, on_response: Callable[[Any], Awaitable[None]] | None = None
    ) -> AsyncOpenAI:
        """A client, to be used as an asynchronous context manager: leaving it closes its connections.

        A client serves one call: connections of a pool that is kept belong to an event loop that may end.

        Args:
            on_response: called with every HTTP response as soon as its headers are there.

        Raises:
            PolicyError: OpenAI's own endpoint is meant and there is no key.
        """
        from llm4cov_engine.policy.chat.package import openai_package

        openai = await openai_package()
        if not self.has_key and self.url == OPENAI_URL:
            raise PolicyError(
                f"There is no key for {self.shown}: {self.key_env} is not set.",
                f"Set {self.key_env}, or name another endpoint with --base-url.",
            )
        timeout = openai.Timeout(options.idle_seconds, connect=min(_CONNECT_SECONDS, options.idle_seconds))
        http = openai.DefaultAsyncHttpxClient(
            # A proxy for the world is not meant for this machine's own server.
            trust_env=not self.is_local,
            event_hooks={"response": [on_response]} if on_response else {},
            timeout=timeout,
        )
        client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=self._key or _NO_KEY,
            base_url=self.url,
            timeout=timeout,
            max_retries=options.retries,
            http_client=http,
        )
        return client
