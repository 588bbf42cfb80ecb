"""The texts of prompts: Jinja2 templates, each of which a problem or a person may replace by one of the same name.

Looked for in this order: the folder given with the context, the problem's own `prompts/`, the shipped `prompts/`.
"""

from pathlib import Path, PurePath
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from adrs import resources
from adrs.errors import UserError
from adrs.problem import Problem
from adrs.prompt_folder import SUFFIX
from adrs.propose.model.text import fence
from adrs.propose.model.view import number


class Templates:
    """Renders templates by name."""

    def __init__(self, problem: Problem, given: Path | None) -> None:
        """Raises UserError for a given folder that is not there."""
        if given is not None and not given.is_dir():
            raise UserError(f"the folder of prompts {given} does not exist")
        folders = (given, problem.prompt_folder, resources.folder("prompts"))
        self._folders = [folder for folder in folders if folder is not None]
        self._environment = _Environment(
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


class _Environment(ImmutableSandboxedEnvironment):
    """Templates may come from anybody: they show what they are given, and reach neither code nor files."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not isinstance(obj, PurePath) and super().is_safe_attribute(obj, attr, value)
