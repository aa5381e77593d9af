"""Entry point of the `llm4cov` command: exit statuses, and errors without tracebacks."""

from __future__ import annotations

import sys

from llm4cov_engine import errors

USAGE_OR_ENVIRONMENT = 2
"""Exit status of every `Llm4CovError`, and of wrong usage."""


def main() -> None:
    """Run the command line and exit."""
    from llm4cov_assist.app import app
    from llm4cov_assist.console import prepare, print_error

    prepare()
    try:
        app()
    except errors.Llm4CovError as error:
        print_error(error)
        sys.exit(USAGE_OR_ENVIRONMENT)
    except KeyboardInterrupt:
        from llm4cov_assist.outcome import INTERRUPTED

        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
