"""Prompt templates: the package's own, and a user's in their place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.errors import PolicyError

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGED = Path(__file__).parent / "prompts"


class Templates:
    """Renders prompts by the names of their files, without the suffix.

    Args:
        folder: the user's templates; one that is missing there is taken from the package.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._loaded: Environment | None = None

    @property
    def _environment(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        if self._loaded is None:
            folder = self._folder
            if folder is not None and not folder.is_dir():
                raise PolicyError(
                    f"The folder of prompts {folder} is not there.",
                    "Name a folder with .j2 files, or leave the setting out for the packaged prompts.",
                )
            self._loaded = Environment(
                loader=FileSystemLoader([each for each in (folder, PACKAGED) if each is not None]),
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                autoescape=False,
            )
        return self._loaded

    def render(self, name: str, **values: object) -> str:
        """A prompt, without blank space at its ends.

        Raises:
            PolicyError: the user's template is wrong, or its folder is not there.
        """
        from jinja2 import TemplateError, TemplateSyntaxError

        try:
            return self._environment.get_template(f"{name}.j2").render(values).strip()
        except TemplateSyntaxError as error:
            where = f"{error.filename or name}:{error.lineno}"
            raise PolicyError(f"The prompt {where} is no template: {error.message}.", _REMEDY) from None
        except (TemplateError, TypeError, ValueError, OSError) as error:
            raise PolicyError(f"The prompt {name}.j2 cannot be rendered: {error}.", _REMEDY) from None


_REMEDY = "Mend the template; docs/models.md lists what each is given."
