"""How servers refuse a parameter: each in its own words."""

from __future__ import annotations

import json
from enum import StrEnum

from tests.model_server.behaviours import Body, Fail

SYSTEM_ROLE = "system"
"""Among the rejected parameters: the role of a message, as some chat templates reject it."""


class Dialect(StrEnum):
    """Whose words a refusal is put in."""

    OPENAI = "openai"
    AZURE = "azure"
    VLLM = "vllm"
    MISTRAL = "mistral"
    VALUE = "value"


def refusal(name: str, dialect: Dialect) -> Fail | Body:
    """The refusal of a parameter."""
    if name == SYSTEM_ROLE:
        return Fail(status=400, message="System role not supported", kind="BadRequestError")
    complaint = {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
    match dialect:
        case Dialect.OPENAI:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            return _invalid(message, "unsupported_parameter", name)
        case Dialect.VALUE:
            message = f"Unsupported value: '{name}' does not support 1 with this model."
            return _invalid(message, "unsupported_value", name)
        case Dialect.AZURE:
            return _invalid(f"Unrecognized request argument supplied: {name}", None, None)
        case Dialect.VLLM:
            return Fail(status=400, message=str([complaint]), kind="BadRequestError")
        case Dialect.MISTRAL:
            return Body(status=422, body=json.dumps({"detail": [complaint]}))


def _invalid(message: str, code: str | None, parameter: str | None) -> Fail:
    return Fail(status=400, message=message, kind="invalid_request_error", code=code, parameter=parameter)
