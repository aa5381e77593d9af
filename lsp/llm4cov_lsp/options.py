"""What an editor's settings say; what concerns the engine becomes its own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Section(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True)


class LiveOptions(_Section):
    """Problems while typing."""

    enabled: bool = True
    warnings: bool = True
    """Warnings beside errors."""


class HoleOptions(_Section):
    """Coverage holes as diagnostics."""

    severity: Literal["off", "hint", "information", "warning", "error"] = "information"
    excluded: bool = True
    """Show what is unreachable or waived, in grey."""
    limit: Annotated[int, Field(ge=0)] = 500
    """Of diagnostics in one file."""


class InlayOptions(_Section):
    """Counts at the ends of lines."""

    show: Literal["off", "missed", "all"] = "missed"


class LensOptions(_Section):
    """Lines above modules."""

    enabled: bool = True


class PolicyOptions(_Section):
    """Who proposes; what is left out is as in llm4cov.toml."""

    name: str | None = None
    model: str | None = None
    base_url: str | None = None
    rounds: Annotated[int, Field(ge=1)] | None = None


class CoverageOptions(_Section):
    """What counts as closed."""

    target: Annotated[float, Field(ge=0, le=100)] | None = None


class DesignOptionsOfFolder(_Section):
    """What the design of a folder is, where its files alone do not tell."""

    top: str = ""


class EditorOptions(_Section):
    """The section `llm4cov` of an editor's settings."""

    live: LiveOptions = LiveOptions()
    holes: HoleOptions = HoleOptions()
    inlay_hints: InlayOptions = InlayOptions()
    code_lens: LensOptions = LensOptions()
    policy: PolicyOptions = PolicyOptions()
    coverage: CoverageOptions = CoverageOptions()
    design: DesignOptionsOfFolder = DesignOptionsOfFolder()
    apply: Literal["ask", "always", "never"] = "ask"
    """Whether the testbench of finished rounds is put into the editor."""

    @property
    def flags(self) -> dict[str, dict[str, Any]]:
        """What goes to the engine, as flags of a command line would."""
        policy = self.policy
        return {
            "policy": {
                "name": policy.name or None,
                "model": policy.model or None,
                "base_url": policy.base_url or None,
                "rounds": policy.rounds,
            },
            "coverage": {"target": self.coverage.target},
        }


DEFAULTS = EditorOptions()


def read_options(given: object) -> tuple[EditorOptions, str]:
    """Settings as a client sent them, and what is wrong with them in a sentence, "" for nothing.

    Sections that cannot be read keep their defaults; the others hold.
    """
    if not isinstance(given, dict):
        return DEFAULTS, ""
    nested = _nested(given)
    try:
        return EditorOptions.model_validate(nested), ""
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        message = f"The setting llm4cov.{name} cannot be {first['input']!r}: {first['msg']}."
        kept = {key: value for key, value in nested.items() if key not in wrong}
        return EditorOptions.model_validate(kept), message


def pulls_by_choice(given: object) -> bool:
    """Whether a client's first settings say that it asks for diagnostics, `"diagnostics": "pull"`."""
    return isinstance(given, dict) and _nested(given).get("diagnostics") == "pull"


def _nested(given: Mapping[str, Any]) -> dict[str, Any]:
    """Some clients send "holes.severity" flat, some wrap everything in "llm4cov"."""
    if set(given) == {"llm4cov"} and isinstance(given["llm4cov"], dict):
        given = given["llm4cov"]
    result: dict[str, Any] = {}
    for key, value in given.items():
        *path, last = key.removeprefix("llm4cov.").split(".")
        table = result
        for part in path:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            table = inner
        else:
            table[last] = value
    # An editor sends null for what nobody set.
    return {key: value for key, value in result.items() if value is not None}
