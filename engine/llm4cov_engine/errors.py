"""What the world does wrong.

::

    Llm4CovError
    ├── SettingsError            a configuration file, variable or flag that cannot be used
    ├── DesignError              an RTL repository that cannot become a Design
    │   ├── NoDesignError        nothing to verify was found where one was named
    │   ├── AmbiguousTopError    several modules could be the top; they are listed
    │   └── ElaborationError     the RTL does not compile: the first reasons, with file and line
    ├── ToolError                a program that is missing, too old or does not start
    ├── StorageError             a file or folder that cannot be read or written, a full disk
    ├── SessionError             a session that is unknown or cannot be opened
    ├── BusyError                something else is under way that has to end first
    └── PolicyError              a policy that cannot go on (an exhausted script, a refused endpoint)

What a model or a testbench does wrong is not an error but a `Feedback`: it is what the tool works on.
"""

from __future__ import annotations


class Llm4CovError(Exception):
    """Base of every error a user can cause or mend.

    Args:
        what: one sentence that says what happened.
        remedy: one sentence that says what to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        # The way of exceptions calls the class with what Exception was given: the remedy would be missing.
        return type(self), (self.what, self.remedy), self.__dict__


class SettingsError(Llm4CovError):
    """A configuration file, environment variable or flag cannot be used."""


class DesignError(Llm4CovError):
    """An RTL repository cannot become a `Design`."""


class NoDesignError(DesignError):
    """Nothing to verify was found where a design was named."""


class AmbiguousTopError(DesignError):
    """Several modules could be the top module.

    Attributes:
        candidates: their names, sorted.
    """

    def __init__(self, what: str, remedy: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(what, remedy)
        self.candidates = candidates


class ElaborationError(DesignError):
    """The RTL does not compile; `what` carries the first reasons with file and line."""


class ToolError(Llm4CovError):
    """A program is missing, too old or does not start."""


class StorageError(Llm4CovError):
    """A file or folder cannot be read or written."""


class SessionError(Llm4CovError):
    """A session is unknown or cannot be opened."""


class BusyError(Llm4CovError):
    """Something else is under way that has to end first."""


class PolicyError(Llm4CovError):
    """A policy cannot go on."""
