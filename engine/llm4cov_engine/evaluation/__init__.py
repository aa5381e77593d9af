"""The paper's benchmark: a policy, many designs, several samples of each, and what came of them.

`prepare` makes a plan of what a user asks for, `evaluate` takes its samples into an `EvaluationFolder`, and
`Results` and `compare` say at any time what they came to.
"""

from __future__ import annotations

from llm4cov_engine.evaluation.comparison import Comparison, Difference, Duel, compare
from llm4cov_engine.evaluation.configuration import Configuration
from llm4cov_engine.evaluation.estimators import Interval
from llm4cov_engine.evaluation.folder import About, EvaluationFolder
from llm4cov_engine.evaluation.plan import EvaluationPlan, EvaluationRequest, prepare
from llm4cov_engine.evaluation.report import comparison_document, results_document, write_results
from llm4cov_engine.evaluation.results import AfterRound, Figures, Results
from llm4cov_engine.evaluation.running import (
    EvaluationBegun,
    EvaluationEvent,
    InSample,
    SampleBegun,
    SampleKept,
    evaluate,
)
from llm4cov_engine.evaluation.sample import Outcome, Sample, SampledRound, Task

__all__ = [
    "About",
    "AfterRound",
    "Comparison",
    "Configuration",
    "Difference",
    "Duel",
    "EvaluationBegun",
    "EvaluationEvent",
    "EvaluationFolder",
    "EvaluationPlan",
    "EvaluationRequest",
    "Figures",
    "InSample",
    "Interval",
    "Outcome",
    "Results",
    "Sample",
    "SampleBegun",
    "SampleKept",
    "SampledRound",
    "Task",
    "compare",
    "comparison_document",
    "evaluate",
    "prepare",
    "results_document",
    "write_results",
]
