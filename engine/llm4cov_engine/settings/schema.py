"""The settings there are, with their types, defaults and meanings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.target import SCORE, Target, metric_name
from llm4cov_engine.permission import Permission

Percent = Annotated[float, Field(ge=0, le=100)]


class Section(BaseModel):
    """A table of the settings file; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class DesignSettings(Section):
    """What the design is. Paths are relative to the folder of the file."""

    rtl: tuple[str, ...] = ()
    """Patterns of RTL files, such as "rtl/**/*.sv"; without them RTL is looked for everywhere."""
    exclude: tuple[str, ...] = ()
    """Patterns of files to leave out."""
    include_dirs: tuple[str, ...] = ()
    """Folders of headers."""
    defines: dict[str, str] = {}
    """Preprocessor macros, name to value; a list of "NAME" and "NAME=VALUE" will do too."""
    top: str = ""
    """Module name of the DUT."""
    instance: str = ""
    """Name the testbench gives to the DUT instance."""
    specs: tuple[str, ...] = ()
    """Patterns of documents that describe the hardware."""
    parameters: dict[str, str] = {}
    """Overrides of the top's parameters, name to SystemVerilog expression."""

    @field_validator("defines", mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return {text.partition("=")[0]: text.partition("=")[2] for text in map(str, value)}
        return _texts(value)

    @field_validator("parameters", mode="before")
    @classmethod
    def _from_numbers(cls, value: Any) -> Any:
        return _texts(value)


def _texts(value: Any) -> Any:
    """A table whose numbers and truth values are written as in SystemVerilog."""
    if not isinstance(value, dict):
        return value
    return {
        name: str(int(entry) if isinstance(entry, bool) else entry)
        if isinstance(entry, bool | int | float)
        else entry
        for name, entry in value.items()
    }


class TargetSettings(Section):
    """One coverage target."""

    percent: Percent
    """What has to be reached."""
    metric: Annotated[str, AfterValidator(metric_name)] = SCORE
    """score, points, or one of the metrics."""
    instance: str = ""
    """Path or last path component of an instance; empty for the DUT."""


class CoverageSettings(Section):
    """What counts as closed."""

    target: Percent | tuple[TargetSettings, ...] | None = None
    """A percentage of the score, or a list of targets."""
    metrics: tuple[Metric, ...] | None = None
    """Kinds of coverage to measure; all of them when left out."""
    waivers: Path | None = None
    """File of points that need not be covered, each with a reason."""
    proofs: Literal["off", "any", "reset", "zero"] = "reset"
    """Which proofs take unreachable points out: none; those for any initial state; those for the state after
    a reset too; or those for Verilator's start with zeros too."""
    proof_seconds: Annotated[float, Field(gt=0)] = 20
    """Wall-clock seconds the prover may take for the points of a design together."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets as the engine's records."""
        if self.target is None:
            return ()
        if isinstance(self.target, tuple):
            return tuple(Target(each.percent, each.metric, each.instance) for each in self.target)
        return (Target(self.target),)


class SimulatorSettings(Section):
    """How testbenches are run."""

    verilator: Path | None = None
    """Verilator's binary; else the newest of the installed ones."""
    timeout: Annotated[float, Field(gt=0)] = 60
    """Wall-clock seconds a simulation may run."""
    seed: Annotated[int, Field(ge=1, lt=2**31)] = 1
    """Seed of the simulator's random generator."""
    extra_args: tuple[str, ...] = ()
    """Passed on to Verilator as they are."""
    build: Literal["auto", "flat", "split"] = "auto"
    """DUT and testbench compiled together, or the DUT once and each round only the testbench."""
    sandbox: Literal["auto", "require", "off"] = "auto"
    """Testbenches are kept from the rest of the machine: where that is possible, always, or not at all."""
    allow: tuple[Permission, ...] = ()
    """What testbenches may do that is refused else; see docs/security.md."""
    # The same number as in the build, which settings must not depend on; a test compares them.
    cache_megabytes: Annotated[int, Field(ge=0)] = 4096
    """What the cache folder may take before what was used least recently goes."""


class ModelSettings(Section):
    """A model, and how it is asked. A key is no setting: it comes from the environment."""

    model: str = ""
    """The model, as the endpoint names it."""
    base_url: str = ""
    """Of an endpoint that speaks the OpenAI protocol, up to and with /v1."""
    key_env: Annotated[str, Field(pattern=r"^[A-Z0-9_]*API_KEY$")] | None = None
    """Environment variable that holds the key, such as OPENROUTER_API_KEY; else OPENAI_API_KEY."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Sampling temperature; the endpoint's own when left out."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Part of the probability that is sampled from; the endpoint's own when left out."""
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    """Most tokens of one reply, thinking included."""
    context_tokens: Annotated[int, Field(ge=1000)] | None = None
    """Tokens that a prompt and its reply may have together; prompts are cut to fit."""


class BudgetSettings(Section):
    """What the calls of one run may cost altogether."""

    calls: Annotated[int, Field(gt=0)] | None = None
    """Calls that are answered."""
    tokens: Annotated[int, Field(gt=0)] | None = None
    """Tokens read and written."""
    money: Annotated[float, Field(gt=0)] | None = None
    """Money, in the currency of the prices."""
    prompt_price: Annotated[float, Field(ge=0)] = 0.0
    """Price of a million tokens read."""
    completion_price: Annotated[float, Field(ge=0)] = 0.0
    """Price of a million tokens written."""


class PolicySettings(ModelSettings):
    """Who proposes testbenches. A key for an endpoint is no setting: it comes from the environment."""

    name: Annotated[str, Field(pattern=r"^(builtin|chat|hybrid|script:.+)$")] | None = None
    """builtin, chat, hybrid or script:FILE; else chat when a model is named and builtin when none is."""
    # The same number as in the rounds themselves, which settings must not depend on; a test compares them.
    rounds: Annotated[int, Field(ge=1)] = 3
    """Rounds of a run."""
    edit: Literal["file", "patch"] | None = None
    """Whether a model writes a testbench anew or as search-and-replace blocks."""
    rules: bool | None = None
    """Whether prompts hold the rules of the language and the simulator; in the first round when left out."""
    prompts: Path | None = None
    """Folder of prompt templates that take the place of the packaged ones."""
    deadline_seconds: Annotated[float, Field(gt=0)] | None = None
    """Wall-clock seconds of one call to a model, further attempts included."""
    idle_seconds: Annotated[float, Field(gt=0)] | None = None
    """Seconds without a word from the endpoint after which a request counts as lost."""
    retries: Annotated[int, Field(ge=0)] | None = None
    """Further attempts where an endpoint is busy, fails or breaks off."""
    budget: BudgetSettings = BudgetSettings()
    """What the calls of one run may cost altogether."""
    student: ModelSettings | None = None
    """The model that is trained, where it is another than the one above."""
    teacher: ModelSettings | None = None
    """The model whose proposals it learns from."""


class Settings(Section):
    """All settings of llm4cov-assist, as in llm4cov.toml."""

    design: DesignSettings = DesignSettings()
    """What the design is."""
    coverage: CoverageSettings = CoverageSettings()
    """What counts as closed."""
    simulator: SimulatorSettings = SimulatorSettings()
    """How testbenches are run."""
    policy: PolicySettings = PolicySettings()
    """Who proposes testbenches."""


def schema() -> dict[str, Any]:
    """JSON Schema of llm4cov.toml, for editors that complete and check it."""
    return Settings.model_json_schema()
