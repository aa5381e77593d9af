"""Training data by execution: which states are worth repairing, and which repairs are worth learning.

A `Synthesis` works through a dataset by a `Plan`: one model samples testbenches, the worst of the states they
lead to are chosen, and a model repairs them. `StageRules` say which of the recorded rounds become rows of
which stage; `StageFolder` holds all of it for one stage, and what a trainer needs beside the rows.
"""

from __future__ import annotations

from llm4cov_engine.synthesis.balance import Balance
from llm4cov_engine.synthesis.choosing import Choice, chosen_states
from llm4cov_engine.synthesis.folder import Source, StageFolder
from llm4cov_engine.synthesis.plan import Plan, default_sampling
from llm4cov_engine.synthesis.rejection import Rejection
from llm4cov_engine.synthesis.roles import NamedProposers, Role, Sampling
from llm4cov_engine.synthesis.selection import Strategy
from llm4cov_engine.synthesis.stages import StageRules, build_stage
from llm4cov_engine.synthesis.synthesizing import Synthesis, Synthesized
from llm4cov_engine.synthesis.training import BASE_MODEL, TEMPLATE, Training

__all__ = [
    "BASE_MODEL",
    "TEMPLATE",
    "Balance",
    "Choice",
    "NamedProposers",
    "Plan",
    "Rejection",
    "Role",
    "Sampling",
    "Source",
    "StageFolder",
    "StageRules",
    "Strategy",
    "Synthesis",
    "Synthesized",
    "Training",
    "build_stage",
    "chosen_states",
    "default_sampling",
]
