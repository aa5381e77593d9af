"""What goes wrong at an endpoint, in a sentence, and whether it ends the session."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm4cov_engine.errors import PolicyError

if TYPE_CHECKING:
    from llm4cov_engine.policy.chat.endpoint import Endpoint

_WIRE_PACKAGES = frozenset({"anyio", "h11", "httpcore", "httpcore2", "httpx", "httpx2", "openai", "ssl"})
_OVERFLOW = re.compile(
    r"context[ _](length|window|size)|maximum context|too many tokens|prompt is too long|exceed_context"
    r"|input (is )?too long",
    re.IGNORECASE,
)
_WINDOW = re.compile(r"(?:context (?:length|window|size)|n_ctx)\D{0,20}?(\d[\d,]{2,})", re.IGNORECASE)
_SPENT = re.compile(r"insufficient_quota|insufficient (credit|balance|funds)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_FIRST_ERROR, _NO_KEY, _UNPAID, _NOT_ALLOWED, _NOT_FOUND = 400, 401, 402, 403, 404
_TIMEOUT, _CONFLICT, _BUSY, _FIRST_SERVER_ERROR = 408, 409, 429, 500


class CallError(Exception):
    """A call failed and another one may not: a failed round, not the end of a session.

    Args:
        reason: what happened, as a sentence for people.
        may_pass: whether asking the same again can help.
    """

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_pass = may_pass


class TooLongError(CallError):
    """The prompt is longer than the model can read.

    Args:
        window: tokens the model can read and write together, where the endpoint said; else None.
    """

    def __init__(self, reason: str, window: int | None) -> None:
        super().__init__(reason)
        self.window = window


def is_passing(status: int) -> bool:
    """Whether the client library tries again by itself after an answer of this HTTP status."""
    return status in (_TIMEOUT, _CONFLICT, _BUSY) or status >= _FIRST_SERVER_ERROR


def is_of_the_wire(error: Exception) -> bool:
    """Whether an exception is one of the network, of HTTP or of what came over it, and no fault of ours.

    The client's libraries let errors of every layer below them through.
    """
    if isinstance(error, (OSError, ValueError)):
        return True
    return any(kind.__module__.partition(".")[0] in _WIRE_PACKAGES for kind in type(error).__mro__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An exception of the client, read.

    Attributes:
        status: of HTTP; 0 when there was no answer.
        words: the endpoint's own, cleaned; "" for none.
        parameter: the request's parameter it complains about, "" for none.
        code: the endpoint's own name for the trouble, "" for none.
        kind: name of the exception, for what has no words.
        wait: seconds after which the endpoint wants to be asked again, or a date; "" when it does not say.
    """

    status: int
    words: str
    parameter: str
    code: str
    kind: str
    wait: str = ""

    @classmethod
    def of(cls, error: Exception, endpoint: Endpoint) -> Trouble:
        """Read an exception."""
        status = getattr(error, "status_code", 0)
        parameter = getattr(error, "param", None)
        code = getattr(error, "code", None)
        return cls(
            status if isinstance(status, int) else 0,
            endpoint.clean(_words(error)),
            parameter if isinstance(parameter, str) else "",
            f"{code or ''} {getattr(error, 'type', None) or ''}".strip(),
            type(error).__name__,
            str(getattr(getattr(error, "response", None), "headers", {}).get("retry-after", "")),
        )

    @property
    def is_too_long(self) -> bool:
        """Whether the prompt does not fit the model's context."""
        return bool(_OVERFLOW.search(f"{self.code} {self.words}"))

    @property
    def window(self) -> int | None:
        """Size of the model's context in tokens, where the endpoint said."""
        match = _WINDOW.search(self.words)
        return int(match[1].replace(",", "")) if match else None

    @classmethod
    def said(cls, error: object, endpoint: Endpoint) -> Trouble:
        """Read the `error` field of an answer that claims to be well."""
        return cls(0, endpoint.clean(_message(error)), "", "", "APIError")


def failure(
    trouble: Trouble, endpoint: Endpoint, model: str, *, answered: bool, served: str = ""
) -> CallError | PolicyError:
    """What to raise for trouble that neither another attempt nor another request mended.

    Args:
        answered: whether the endpoint has answered a call of this session already: then even a refused
            connection is a passing thing.
        served: what is known about the models the endpoint serves, as a sentence.
    """
    said = f' It said: "{trouble.words}".' if trouble.words else ""
    where = endpoint.shown
    if trouble.is_too_long:
        return TooLongError(f"The prompt is longer than {model} can read.{said}", trouble.window)
    if trouble.status < _FIRST_ERROR:
        return _without_answer(trouble, endpoint, answered=answered)
    lasting = _lasting(trouble, endpoint, model, served)
    if lasting is not None:
        return lasting
    if trouble.status == _BUSY:
        wait = f" and wants {trouble.wait} s of rest" if trouble.wait.isdecimal() else ""
        return CallError(f"{where} takes no more requests for now (429){wait}.{said}")
    if is_passing(trouble.status):
        return CallError(f"{where} failed with {trouble.status}, again and again.{said}")
    if answered:
        return CallError(f"{where} refused the request with {trouble.status}.{said}")
    if trouble.status == _NOT_ALLOWED:
        return PolicyError(
            f"{where} does not let this key use {model} (403).{said}",
            "Ask its operator for access, or choose another model with --model.",
        )
    return PolicyError(
        f"{where} refused the request with {trouble.status}.{said}",
        "Check the model and its parameters in the settings.",
    )


def _lasting(trouble: Trouble, endpoint: Endpoint, model: str, served: str) -> PolicyError | None:
    """What no later call can be free of: the key, the account, the address, the model."""
    said = f' It said: "{trouble.words}".' if trouble.words else ""
    if trouble.status == _NO_KEY:
        # Its words are not repeated: servers quote the key in them.
        if endpoint.has_key:
            return PolicyError(
                f"{endpoint.shown} does not accept the key in {endpoint.key_env} (401).",
                f"Set {endpoint.key_env} to a key of this endpoint.",
            )
        return PolicyError(
            f"{endpoint.shown} wants a key, and {endpoint.key_env} is not set (401).",
            f"Set {endpoint.key_env}.",
        )
    if trouble.status == _UNPAID or _SPENT.search(f"{trouble.code} {trouble.words}"):
        return PolicyError(
            f"The account at {endpoint.shown} has no credit left ({trouble.status}).{said}",
            "Add credit, or choose another endpoint with --base-url.",
        )
    if trouble.status == _NOT_FOUND:
        if served:
            return PolicyError(f"{endpoint.shown} has no model {model} (404).", served)
        return PolicyError(
            f"{endpoint.shown} does not know the address or the model {model} (404).{said}",
            "Check --base-url, which mostly ends in /v1, and --model.",
        )
    return None


def _without_answer(trouble: Trouble, endpoint: Endpoint, *, answered: bool) -> CallError | PolicyError:
    where = endpoint.shown
    if trouble.kind == "APITimeoutError":
        return CallError(f"{where} did not answer in time.")
    if trouble.kind != "APIConnectionError":
        return CallError(f"{where} sent something that is not a reply{_cause(trouble)}.", may_pass=True)
    if answered:
        return CallError(f"There is no connection to {where} any more{_cause(trouble)}.")
    return PolicyError(
        f"There is no connection to {where}{_cause(trouble)}.",
        "Start the server, or name another endpoint with --base-url or OPENAI_BASE_URL.",
    )


def broken(trouble: Trouble, endpoint: Endpoint) -> CallError:
    """What to raise for trouble in the middle of an answer."""
    if trouble.is_too_long:
        return TooLongError(
            f"{endpoint.shown} cannot read so long a prompt{_cause(trouble)}.", trouble.window
        )
    if trouble.kind == "APITimeoutError":
        return CallError(f"{endpoint.shown} stopped in the middle of its answer.", may_pass=True)
    if trouble.kind == "APIError" and trouble.words:
        reason = f"{endpoint.shown} broke off its answer with an error{_cause(trouble)}."
    elif trouble.kind == "JSONDecodeError":
        reason = f"{endpoint.shown} sent an answer that cannot be read{_cause(trouble)}."
    else:
        reason = f"The connection to {endpoint.shown} broke in the middle of the answer."
    return CallError(reason, may_pass=True)


def _cause(trouble: Trouble) -> str:
    return f" ({trouble.words})" if trouble.words else ""


def _words(error: Exception) -> str:
    """What the server said, without the frame it said it in; "" when it said nothing."""
    if type(error).__name__ in ("APITimeoutError", "APIConnectionError"):
        cause = error.__cause__
        return "" if cause is None else str(cause)
    if not hasattr(error, "body"):
        return str(error)
    text = _message(error.body)
    if "<html" in text.lower():
        title = _TITLE.search(text)
        return title[1] if title else "a page of HTML"
    return text


def _message(body: Any) -> str:
    """The sentence in an error's JSON, however deep it lies."""
    window = body.get("n_ctx") if isinstance(body, dict) else None
    for _ in range(2):
        if isinstance(body, dict):
            body = body.get("message") or body.get("error") or body.get("detail") or body
    text = body if isinstance(body, str) else "" if body is None else str(body)
    return f"{text} (n_ctx {window})" if window and str(window) not in text else text
