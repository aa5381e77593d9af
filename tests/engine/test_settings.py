from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.target import Target
from llm4cov_engine.errors import SettingsError, StorageError
from llm4cov_engine.rounds import DEFAULT_ROUNDS
from llm4cov_engine.settings.loading import PROJECT_FILE, load_settings
from llm4cov_engine.settings.schema import Settings, schema
from llm4cov_engine.settings.source import line_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path


def write(project: Path, text: str) -> Path:
    path = project / PROJECT_FILE
    path.write_text(text)
    return path


def load(project: Path, text: str = "", environment: dict[str, str] | None = None, **flags: Any) -> Settings:
    write(project, text)
    return load_settings(project, flags, environment or {})


def refusal(
    project: Path, text: str, environment: dict[str, str] | None = None, **flags: Any
) -> SettingsError:
    with pytest.raises(SettingsError) as error:
        load(project, text, environment, **flags)
    return error.value


def test_defaults_without_any_file(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environment={})
    assert settings == Settings()
    assert (settings.simulator.timeout, settings.simulator.seed) == (60, 1)
    assert settings.policy.rounds == DEFAULT_ROUNDS
    assert settings.coverage.targets == ()


def test_every_documented_key(project: Path) -> None:
    settings = load(
        project,
        """
        [design]
        rtl = ["rtl/**/*.sv"]
        exclude = ["rtl/old"]
        include_dirs = ["inc"]
        defines = {WIDTH = 8, FAST = true, NAME = "x"}
        top = "fifo"
        instance = "u_fifo"
        specs = ["doc/*.md"]
        parameters = {W = 4, INIT = "8'h5a"}
        [coverage]
        target = 95
        metrics = ["line", "fsm_state"]
        waivers = "waivers.toml"
        [simulator]
        verilator = "tools/verilator"
        timeout = 2.5
        seed = 7
        extra_args = ["-O3"]
        sandbox = "require"
        allow = ["files", "force"]
        [policy]
        name = "script:replies.jsonl"
        model = "m"
        base_url = "http://localhost/v1"
        temperature = 0.2
        max_tokens = 100
        rounds = 5
        """,
    )
    assert settings.design.defines == {"WIDTH": "8", "FAST": "1", "NAME": "x"}
    assert settings.design.parameters == {"W": "4", "INIT": "8'h5a"}
    assert settings.coverage.targets == (Target(95),)
    assert settings.coverage.metrics == (Metric.LINE, Metric.FSM_STATE)
    assert settings.coverage.waivers == project / "waivers.toml"
    assert settings.simulator.verilator == project / "tools/verilator"
    assert settings.policy.name == "script:replies.jsonl"


def test_defines_as_a_list(project: Path) -> None:
    assert load(project, '[design]\ndefines = ["A", "B=2=3"]').design.defines == {"A": "", "B": "2=3"}


def test_targets_as_tables(project: Path) -> None:
    first = '[[coverage.target]]\npercent = 90\nmetric = "line"\n'
    text = first + '[[coverage.target]]\npercent = 100\ninstance = "u_a"\n'
    assert load(project, text).coverage.targets == (Target(90, "line"), Target(100, instance="u_a"))


def test_a_command_name_is_left_for_the_path(project: Path) -> None:
    assert load(project, '[simulator]\nverilator = "verilator_bin"').simulator.verilator == Path(
        "verilator_bin"
    )


def test_flag_over_environment_over_project_over_user(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = tmp_path / "user.toml"
    user.write_text(
        '[simulator]\ntimeout = 1\nseed = 1\nextra_args = ["user"]\n[policy]\nmodel = "user"\nrounds = 9\n'
    )
    monkeypatch.setenv("LLM4COV_CONFIG", str(user))
    settings = load(
        project,
        '[simulator]\ntimeout = 2\nseed = 2\n[policy]\nmodel = "project"\n',
        {"LLM4COV_SIMULATOR_TIMEOUT": "3", "LLM4COV_MODEL": "environment"},
        simulator={"timeout": 4, "seed": None},
    )
    assert settings.simulator.timeout == 4
    assert settings.simulator.seed == 2
    assert settings.simulator.extra_args == ("user",)
    assert settings.policy.model == "environment"
    assert settings.policy.rounds == 9


@pytest.mark.parametrize(
    ("name", "value", "section", "key", "expected"),
    [
        ("LLM4COV_SIMULATOR_TIMEOUT", "30", "simulator", "timeout", 30.0),
        ("LLM4COV_SIMULATOR_EXTRA_ARGS", "-a,-b", "simulator", "extra_args", ("-a", "-b")),
        ("LLM4COV_SIMULATOR_EXTRA_ARGS", '["-a,b"]', "simulator", "extra_args", ("-a,b",)),
        ("LLM4COV_COVERAGE_TARGET", "90", "coverage", "target", 90.0),
        ("LLM4COV_COVERAGE_METRICS", "line, toggle", "coverage", "metrics", (Metric.LINE, Metric.TOGGLE)),
        ("LLM4COV_DESIGN_TOP", "123", "design", "top", "123"),
        ("LLM4COV_DESIGN_DEFINES", "A,B=2", "design", "defines", {"A": "", "B": "2"}),
        ("LLM4COV_POLICY_TEMPERATURE", "0.5", "policy", "temperature", 0.5),
        ("OPENAI_BASE_URL", "http://x/v1", "policy", "base_url", "http://x/v1"),
        ("LLM4COV_MODEL", "4", "policy", "model", "4"),
    ],
)
def test_environment(project: Path, name: str, value: str, section: str, key: str, expected: object) -> None:
    settings = load(project, "", {name: value})
    assert getattr(getattr(settings, section), key) == expected


def test_the_systematic_variable_wins_over_the_short_one(project: Path) -> None:
    environment = {"LLM4COV_MODEL": "short", "LLM4COV_POLICY_MODEL": "long"}
    assert load(project, "", environment).policy.model == "long"


def test_other_variables_and_empty_ones_are_left_alone(project: Path) -> None:
    environment = {"LLM4COV_CACHE_DIR": "x", "LLM4COV_SIMULATOR_TIMEOUT": "", "LLM4COV_MODEL": ""}
    assert load(project, "", environment) == Settings()


@pytest.mark.parametrize(
    ("text", "line", "what", "remedy"),
    [
        ("[simulator]\n\ntimout = 3\n", 3, "'simulator.timout'", "'timeout'"),
        ("[simulatr]\ntimeout = 3\n", 1, "'simulatr'", "'simulator'"),
        ("timeout = 3\n", 1, "'timeout'", "[simulator]"),
        ("\nsimulator = 1\n", 2, "is a section", "[simulator]"),
        ('[simulator]\ntimeout = "soon"\n', 2, "'simulator.timeout'", "value"),
        ("[simulator]\nseed = 1\ntimeout = -1\n", 3, "greater than 0", "value"),
        ('[policy]\napi_key = "secret"\n', 2, "'policy.api_key'", "OPENAI_API_KEY"),
        ('[policy]\nname = "magic"\n', 2, "'policy.name'", "value"),
        ("[simulator\n", 1, "not TOML", "line"),
        ("[simulator]\ntimeout =\n", 2, "not TOML", "line"),
        ("[simulator]\nseed = 1\nseed = 2\n", 3, "not TOML", "line"),
        ('[coverage]\nmetrics = ["lines"]\n', 2, "'lines'", "value"),
        ("[coverage]\ntarget = 120\n", 2, "120", "value"),
        (
            '[coverage]\ntarget = [{percent = 9, metric = "linee"}]\n',
            2,
            "`linee` is no metric; did you mean `line`",
            "value",
        ),
        ("[coverage]\ntarget = [{percent = 9, metrik = 1}]\n", 2, "'metrik'", "key"),
        ('design.top = "a"\ndesign.tpo = "b"\n', 2, "'design.tpo'", "'top'"),
    ],
)
def test_refusals_name_file_line_key_and_a_way_out(
    project: Path, text: str, line: int, what: str, remedy: str
) -> None:
    error = refusal(project, text)
    assert error.what.startswith(f"{project / PROJECT_FILE}:{line}: ")
    assert what in error.what
    assert remedy in error.remedy
    assert "secret" not in str(error)


def test_refusals_name_the_variable_or_the_flag(project: Path) -> None:
    assert refusal(project, "", {"LLM4COV_SIMULATOR_TIMOUT": "1"}).what.startswith(
        "LLM4COV_SIMULATOR_TIMOUT: "
    )
    assert refusal(project, "", {"LLM4COV_SIMULATOR_SEED": "x"}).what.startswith("LLM4COV_SIMULATOR_SEED: ")
    assert refusal(project, "", simulator={"extra_args": 3}).what.startswith("--extra-args: ")


def test_files_that_cannot_be_read(project: Path) -> None:
    path = project / PROJECT_FILE
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(project, environment={})


def test_an_unreadable_file_is_a_storage_error(project: Path) -> None:
    write(project, "").chmod(0)
    if (project / PROJECT_FILE).stat().st_uid == 0:
        pytest.skip("root reads everything")
    with pytest.raises(StorageError):
        load_settings(project, environment={})


def test_schema_is_json_and_knows_every_key() -> None:
    text = json.dumps(schema())
    for key in ("rtl", "target", "waivers", "sandbox", "base_url", "percent"):
        assert f'"{key}"' in text
    assert schema()["properties"].keys() == {"design", "coverage", "simulator", "policy"}
    assert "api_key" not in text


KEYS = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=5)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(), max_size=4), max_size=4))
def test_lines_of_keys(tables: dict[str, dict[str, int]]) -> None:
    lines = []
    expected = {}
    for table, entries in tables.items():
        lines.append(f"[{table}]  # {table}")
        for key, value in entries.items():
            lines += ["", f"  {key} = {value}"]
            expected[table, key] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text) == tables
    assert {key: line_of(text, key) for key in expected} == expected
