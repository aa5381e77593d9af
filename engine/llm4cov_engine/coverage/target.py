"""A coverage target: what somebody decided counts as closed."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from llm4cov_engine.coverage.point import Metric

SCORE = "score"
"""Name of the mean over the metrics that have points."""

POINTS = "points"
"""Name of the plain ratio of hit points to all points."""

COMPOSITES = {
    "block": (Metric.LINE, Metric.BRANCH),
    "fsm": (Metric.FSM_STATE, Metric.FSM_ARC),
    "code": tuple(metric for metric in Metric if metric is not Metric.USER),
}
"""Names of several metrics together, as the ratio over all their points. Verilator spreads what other
simulators call blocks over line points and branch points."""

_OTHER_NAMES = {
    "overall average": SCORE,
    "overall average grade": SCORE,
    "average": SCORE,
    "overall": SCORE,
    "total": SCORE,
    "overall covered": POINTS,
    "all points": POINTS,
    "blocks": "block",
    "statement": Metric.LINE.value,
    "lines": Metric.LINE.value,
    "branches": Metric.BRANCH.value,
    "condition": Metric.EXPRESSION.value,
    "expr": Metric.EXPRESSION.value,
    "expressions": Metric.EXPRESSION.value,
    "toggles": Metric.TOGGLE.value,
    "state": Metric.FSM_STATE.value,
    "states": Metric.FSM_STATE.value,
    "arc": Metric.FSM_ARC.value,
    "arcs": Metric.FSM_ARC.value,
    "transition": Metric.FSM_ARC.value,
    "fsm transition": Metric.FSM_ARC.value,
    "assertion": Metric.USER.value,
    "cover": Metric.USER.value,
    "functional": Metric.USER.value,
}

METRIC_NAMES = (SCORE, POINTS, *(metric.value for metric in Metric), *COMPOSITES)
"""Every name a target's metric may have."""


@dataclass(frozen=True, slots=True)
class Target:
    """A percentage to be reached on an instance and what is below it.

    Attributes:
        percent: 0 to 100, inclusive.
        metric: "score", "points", the value of a `Metric`, or one of `COMPOSITES`.
        instance: the path's last component or the whole path from the DUT on; "" is the DUT instance.
    """

    percent: float
    metric: str = SCORE
    instance: str = ""


def metric_name(text: str) -> str:
    """The name a `Target` uses for a metric that people and datasets write in their own ways.

    Case, spaces, hyphens and a closing "coverage" do not matter: "Overall Average" is the score, "FSM State
    Coverage" is "fsm_state".

    Raises:
        ValueError: the name is unknown; the message, a sentence, names the nearest.
    """
    words = text.casefold().replace("_", " ").replace("-", " ").split()
    if len(words) > 1 and words[-1] == "coverage":
        words.pop()
    plain = " ".join(words)
    name = _OTHER_NAMES.get(plain, "_".join(words))
    if name in METRIC_NAMES:
        return name
    near = get_close_matches(name, METRIC_NAMES, n=1) or get_close_matches(plain, _OTHER_NAMES, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(METRIC_NAMES)}."
    raise ValueError(f"`{text}` is no metric{hint}")
