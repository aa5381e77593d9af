"""What a session's calls may cost, and what they have cost."""

from __future__ import annotations

from dataclasses import dataclass

from llm4cov_engine.errors import PolicyError, SettingsError
from llm4cov_engine.state import Tokens

_MILLION = 1_000_000


def together(*counts: Tokens) -> Tokens:
    """The sum of several counts."""
    return Tokens(sum(each.prompt for each in counts), sum(each.completion for each in counts))


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits for all calls of a policy together; None for no limit.

    Attributes:
        calls: requests that were answered.
        tokens: read and written.
        money: in the currency of the prices.
        prompt_price: for a million tokens the model reads.
        completion_price: for a million tokens it writes.
    """

    calls: int | None = None
    tokens: int | None = None
    money: float | None = None
    prompt_price: float = 0.0
    completion_price: float = 0.0

    def __post_init__(self) -> None:
        if self.money is not None and not (self.prompt_price or self.completion_price):
            raise SettingsError(
                "A budget of money is set, but no price.",
                "Set the prices of a million prompt and completion tokens too.",
            )

    def price(self, tokens: Tokens) -> float:
        """What so many tokens cost, in the currency of the prices."""
        return (tokens.prompt * self.prompt_price + tokens.completion * self.completion_price) / _MILLION


class Spending:
    """Keeps the accounts of one policy.

    Attributes:
        calls: answered so far.
        tokens: read and written so far.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.calls = 0
        self.tokens = Tokens()

    @property
    def money(self) -> float:
        """Spent so far, in the currency of the prices."""
        return self._budget.price(self.tokens)

    def price(self, tokens: Tokens) -> float:
        """What so many tokens cost, in the currency of the prices."""
        return self._budget.price(tokens)

    def add(self, tokens: Tokens) -> None:
        """Account for a call."""
        self.calls += 1
        self.tokens = together(self.tokens, tokens)

    @property
    def exhausted(self) -> str:
        """Which limit is reached, as a sentence; "" while another call is affordable."""
        budget = self._budget
        total = self.tokens.prompt + self.tokens.completion
        if budget.calls is not None and self.calls >= budget.calls:
            return f"The budget of {budget.calls:,} calls is spent."
        if budget.tokens is not None and total >= budget.tokens:
            return f"The budget of {budget.tokens:,} tokens is spent ({total:,} were used)."
        if budget.money is not None and self.money >= budget.money:
            return f"The budget of {budget.money:g} is spent ({self.money:.4g} was used)."
        return ""

    def demand(self) -> None:
        """Make sure that another call is affordable.

        A limit is looked at before a call and not in the middle of one, so the last call may go beyond it.

        Raises:
            PolicyError: a limit is reached.
        """
        if self.exhausted:
            raise PolicyError(self.exhausted, "Raise the budget in the settings, or keep what was reached.")
