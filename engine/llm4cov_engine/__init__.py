"""The engine every front end of llm4cov-assist shares. It imports no user interface.

What `__all__` names is public: records and functions by name, and a few modules with all they hold. Front
ends use nothing else. Names load when they are first asked for, so that importing the engine costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm4cov_engine import errors, evaluation, events, report, synthesis
    from llm4cov_engine.checking import check_rtl, check_testbench, is_too_large, with_texts
    from llm4cov_engine.choice import Mode
    from llm4cov_engine.coverage.coverage import Coverage, Tally, TargetResult
    from llm4cov_engine.coverage.holes import Hole, HoleReason, holes
    from llm4cov_engine.coverage.marks import LineMark, LineStatus, marks
    from llm4cov_engine.coverage.percent import percent
    from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric, Point
    from llm4cov_engine.coverage.target import Target
    from llm4cov_engine.coverage.text import describe
    from llm4cov_engine.dataset.contamination.checking import (
        ContaminationRequest,
        check_contamination,
        contaminated_ids,
        write_clean,
    )
    from llm4cov_engine.dataset.contamination.rouge import Tokenization
    from llm4cov_engine.dataset.export.exporting import Exported, ExportRequest, export_sessions
    from llm4cov_engine.dataset.export.formats import ExportFormat
    from llm4cov_engine.dataset.export.selection import Selection
    from llm4cov_engine.dataset.hub import pack, push_parcel
    from llm4cov_engine.dataset.progress import Advance
    from llm4cov_engine.dataset.reading import DatasetFilter
    from llm4cov_engine.dataset.sources import HubOptions
    from llm4cov_engine.dataset.statistics.datasets import dataset_statistics
    from llm4cov_engine.dataset.statistics.page import statistics_page
    from llm4cov_engine.dataset.statistics.sessions import session_statistics
    from llm4cov_engine.design.candidates import Candidate, candidates, rtl_files
    from llm4cov_engine.design.design import Design, SourceFile
    from llm4cov_engine.design.loading import load
    from llm4cov_engine.design.options import DesignOptions
    from llm4cov_engine.design.texts import read_text
    from llm4cov_engine.doctor import diagnose
    from llm4cov_engine.elaboration import elaborate
    from llm4cov_engine.elaboration.checking import LiveProblem
    from llm4cov_engine.elaboration.records import Elaboration, Instance, Problem, Severity, Span
    from llm4cov_engine.elaboration.syntax import DeclarationKind, Declared, declared
    from llm4cov_engine.errors import (
        AmbiguousTopError,
        BusyError,
        DesignError,
        ElaborationError,
        Llm4CovError,
        NoDesignError,
        PolicyError,
        SessionError,
        SettingsError,
        StorageError,
        ToolError,
    )
    from llm4cov_engine.files import write_text
    from llm4cov_engine.folders import user_settings_file
    from llm4cov_engine.guidance import NO_GUIDANCE, Guidance
    from llm4cov_engine.policy.builtin import BuiltinPolicy
    from llm4cov_engine.policy.given import GivenPolicy
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.policy.script import ScriptedPolicy, write_script
    from llm4cov_engine.policy.steered import Review
    from llm4cov_engine.process import in_thread
    from llm4cov_engine.project import Project, Proves
    from llm4cov_engine.proof.why import Why, why
    from llm4cov_engine.rounds import DEFAULT_ROUNDS, Recorder, agentic, direct_infer, transition
    from llm4cov_engine.session.node import Node
    from llm4cov_engine.session.session import Session
    from llm4cov_engine.session.store import Collected, SessionStore
    from llm4cov_engine.session.summary import SessionSummary
    from llm4cov_engine.settings.loading import load_settings
    from llm4cov_engine.settings.schema import Settings
    from llm4cov_engine.simulator.doctor import Check
    from llm4cov_engine.simulator.feedback import Feedback, Seconds, SimulatorIdentity, Status
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.simulator.protocol import Simulator
    from llm4cov_engine.simulator.verilator import Verilator
    from llm4cov_engine.state import Author, Proposal, State, Tokens, Transition
    from llm4cov_engine.synthesis.rejection import Rejection
    from llm4cov_engine.testbench import Testbench, load_testbench
    from llm4cov_engine.version import __version__
    from llm4cov_engine.workbench.comparison import Comparison, compare
    from llm4cov_engine.workbench.workbench import Workbench

__all__ = [
    "DEFAULT_ROUNDS",
    "NO_GUIDANCE",
    "Advance",
    "AmbiguousTopError",
    "Author",
    "BuiltinPolicy",
    "BusyError",
    "Candidate",
    "Check",
    "Collected",
    "Comparison",
    "ContaminationRequest",
    "Coverage",
    "DatasetFilter",
    "DeclarationKind",
    "Declared",
    "Design",
    "DesignError",
    "DesignOptions",
    "Elaboration",
    "ElaborationError",
    "Exclusion",
    "ExclusionKind",
    "ExportFormat",
    "ExportRequest",
    "Exported",
    "Feedback",
    "GivenPolicy",
    "Guidance",
    "Hole",
    "HoleReason",
    "HubOptions",
    "Instance",
    "LineMark",
    "LineStatus",
    "LiveProblem",
    "Llm4CovError",
    "Metric",
    "Mode",
    "NoDesignError",
    "Node",
    "Point",
    "Policy",
    "PolicyError",
    "Problem",
    "Project",
    "Proposal",
    "Proves",
    "Recorder",
    "Rejection",
    "Review",
    "ScriptedPolicy",
    "Seconds",
    "Selection",
    "Session",
    "SessionError",
    "SessionStore",
    "SessionSummary",
    "Settings",
    "SettingsError",
    "Severity",
    "Simulator",
    "SimulatorIdentity",
    "SimulatorOptions",
    "SourceFile",
    "Span",
    "State",
    "Status",
    "StorageError",
    "Tally",
    "Target",
    "TargetResult",
    "Testbench",
    "Tokenization",
    "Tokens",
    "ToolError",
    "Transition",
    "Verilator",
    "Why",
    "Workbench",
    "__version__",
    "agentic",
    "candidates",
    "check_contamination",
    "check_rtl",
    "check_testbench",
    "compare",
    "contaminated_ids",
    "dataset_statistics",
    "declared",
    "describe",
    "diagnose",
    "direct_infer",
    "elaborate",
    "errors",
    "evaluation",
    "events",
    "export_sessions",
    "holes",
    "in_thread",
    "is_too_large",
    "load",
    "load_settings",
    "load_testbench",
    "marks",
    "pack",
    "percent",
    "push_parcel",
    "read_text",
    "report",
    "rtl_files",
    "session_statistics",
    "statistics_page",
    "synthesis",
    "transition",
    "user_settings_file",
    "why",
    "with_texts",
    "write_clean",
    "write_script",
    "write_text",
]

_HOMES = {
    "dataset.statistics.datasets": ("dataset_statistics",),
    "dataset.statistics.sessions": ("session_statistics",),
    "dataset.statistics.page": ("statistics_page",),
    "dataset.hub": (
        "pack",
        "push_parcel",
    ),
    "dataset.contamination.rouge": ("Tokenization",),
    "dataset.contamination.checking": (
        "ContaminationRequest",
        "check_contamination",
        "contaminated_ids",
        "write_clean",
    ),
    "dataset.reading": ("DatasetFilter",),
    "dataset.sources": ("HubOptions",),
    "synthesis.rejection": ("Rejection",),
    "dataset.export.selection": ("Selection",),
    "dataset.export.formats": ("ExportFormat",),
    "dataset.export.exporting": (
        "Exported",
        "ExportRequest",
        "export_sessions",
    ),
    "dataset.progress": ("Advance",),
    "process": ("in_thread",),
    "elaboration.syntax": (
        "Declared",
        "DeclarationKind",
        "declared",
    ),
    "elaboration.checking": ("LiveProblem",),
    "checking": (
        "check_rtl",
        "check_testbench",
        "is_too_large",
        "with_texts",
    ),
    "coverage.coverage": (
        "Coverage",
        "Tally",
        "TargetResult",
    ),
    "coverage.holes": (
        "Hole",
        "HoleReason",
        "holes",
    ),
    "coverage.marks": (
        "LineMark",
        "LineStatus",
        "marks",
    ),
    "design.candidates": (
        "Candidate",
        "candidates",
        "rtl_files",
    ),
    "guidance": (
        "NO_GUIDANCE",
        "Guidance",
    ),
    "policy.steered": ("Review",),
    "workbench.comparison": (
        "Comparison",
        "compare",
    ),
    "workbench.workbench": ("Workbench",),
    "coverage.percent": ("percent",),
    "coverage.text": ("describe",),
    "coverage.point": (
        "Exclusion",
        "ExclusionKind",
        "Metric",
        "Mode",
        "Point",
    ),
    "coverage.target": ("Target",),
    "design.design": (
        "Design",
        "SourceFile",
    ),
    "design.loading": ("load",),
    "design.options": ("DesignOptions",),
    "design.texts": ("read_text",),
    "elaboration": ("elaborate",),
    "elaboration.records": (
        "Instance",
        "Elaboration",
        "Problem",
        "Severity",
        "Span",
    ),
    "errors": (
        "AmbiguousTopError",
        "BusyError",
        "DesignError",
        "ElaborationError",
        "Llm4CovError",
        "NoDesignError",
        "PolicyError",
        "SessionError",
        "SettingsError",
        "StorageError",
        "ToolError",
    ),
    "files": ("write_text",),
    "folders": ("user_settings_file",),
    "policy.builtin": ("BuiltinPolicy",),
    "choice": ("Mode",),
    "policy.given": ("GivenPolicy",),
    "policy.protocol": ("Policy",),
    "policy.script": (
        "ScriptedPolicy",
        "write_script",
    ),
    "project": (
        "Project",
        "Proves",
    ),
    "proof.why": (
        "Why",
        "why",
    ),
    "rounds": (
        "DEFAULT_ROUNDS",
        "Recorder",
        "agentic",
        "direct_infer",
        "transition",
    ),
    "session.node": ("Node",),
    "session.session": ("Session",),
    "session.store": (
        "Collected",
        "SessionStore",
        "SessionSummary",
    ),
    "settings.loading": ("load_settings",),
    "settings.schema": ("Settings",),
    "simulator.doctor": ("Check",),
    "doctor": ("diagnose",),
    "simulator.feedback": (
        "Feedback",
        "Seconds",
        "SimulatorIdentity",
        "Status",
    ),
    "simulator.options": ("SimulatorOptions",),
    "simulator.protocol": ("Simulator",),
    "simulator.verilator": ("Verilator",),
    "state": (
        "Author",
        "Proposal",
        "State",
        "Tokens",
        "Transition",
    ),
    "testbench": (
        "Testbench",
        "load_testbench",
    ),
    "version": ("__version__",),
}
"""Where the public names live, module by module."""

_MODULE_OF = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # type checkers read the imports above and know a misspelt name

    def __getattr__(name: str) -> object:
        if name in _MODULE_OF:
            value = getattr(import_module(_MODULE_OF[name]), name)
        elif name in __all__:
            return import_module(f"{__name__}.{name}")
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
