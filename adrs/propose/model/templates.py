"""The texts of prompts: Jinja2 templates, each of which a problem or a person may replace by one of the same name.

Looked for in this order: the folder given with the context, `prompts/` in the problem's folder, the shipped `prompts/`.
"""

from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, Template, TemplateError

from adrs import resources
from adrs.errors import UserError
from adrs.prompt_folder import SUFFIX
from adrs.propose.model.text import fence
from adrs.propose.model.view import number


class Templates:
    """Renders templates by name."""

    def __init__(self, problem_folder: Path, given: Path | None) -> None:
        """Raises UserError for a given folder that is not there."""
        if given is not None and not given.is_dir():
            raise UserError(f"the folder of prompts {given} does not exist")
        folders = [given] if given is not None else []
        self._folders = [*folders, problem_folder / "prompts", resources.folder("prompts")]
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in self._folders]),
            undefined=StrictUndefined,
            autoescape=False,  # nothing here is a page; `fence` keeps texts of others apart
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self._environment.filters["fence"] = fence
        self._environment.filters["number"] = number
        self._loaded: dict[str, Template] = {}

    def render(self, name: str, values: dict[str, Any]) -> str:
        """A text without blank lines around it. Raises UserError for a template that is wrong."""
        file = name + SUFFIX
        try:
            if file not in self._loaded:
                self._loaded[file] = self._environment.get_template(file)
            return self._loaded[file].render(values).strip() + "\n"
        except UnicodeDecodeError:
            raise UserError(f"prompt {file} is not UTF-8 text") from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            line = getattr(error, "lineno", None)
            where = f"{file}, line {line}" if line else file
            looked = ", ".join(str(folder) for folder in self._folders)
            raise UserError(f"prompt {where}: {error or type(error).__name__} (folders: {looked})") from None
