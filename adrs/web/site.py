"""What all routes share: where runs lie, who may do what, and how pages are made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from adrs import folders
from adrs.lineage import Sought
from adrs.lineage.state import State
from adrs.store import Reader
from adrs.web.guard import Access
from adrs.web.text import FILTERS, STATES, VERDICTS


class ProgramNumber(Convertor[int]):
    """The number of a program in a path, as `{number:program}`: no more digits than a log can hold."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        """The number that the path says."""
        return int(value)

    def to_string(self, value: int) -> str:
        """How a path says it."""
        return str(value)


register_url_convertor("program", ProgramNumber())


@dataclass(frozen=True)
class Site:
    """One dashboard: the runs of one folder."""

    runs_dir: Path
    access: Access

    def names(self) -> list[str]:
        """Names of the runs, the latest first."""
        return [path.name for path in folders.latest_first(folders.list_runs(self.runs_dir))]

    def open(self, request: Request) -> Reader:
        """The log of the run that a path names; 404 where there is none."""
        return self.reader(request.path_params["run"])

    def reader(self, name: str) -> Reader:
        """The log of a run; 404 where there is none of that name. UserError where it cannot be read."""
        return Reader(self.folder(name))

    def folder(self, name: str) -> Path:
        """Where a run lies: only names that a listing shows lead anywhere."""
        folder = next((path for path in folders.list_runs(self.runs_dir) if path.name == name), None)
        if folder is None:
            raise HTTPException(404, f"there is no run {name} in {self.runs_dir}")
        return folder

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page, or a part of one."""
        return HTMLResponse(self._templates.get_template(f"{template}.html.j2").render(**values), status)

    def warm(self) -> None:
        """Compile all templates, so that the first page is as fast as the next."""
        for name in self._templates.list_templates():
            self._templates.get_template(name)

    @cached_property
    def _templates(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("adrs.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        environment.filters.update(FILTERS)
        environment.globals.update(
            run_path=run_path, program_path=program_path, programs_path=programs_path, verdict_words=VERDICTS,
            state_words=STATES, state_text=state_text,
        )  # fmt: skip
        return environment


def run_path(name: str) -> str:
    """Path of a run's page."""
    return f"/runs/{quote(name, safe='')}"


def program_path(name: str, number: int) -> str:
    """Path of a program's page."""
    return f"{run_path(name)}/programs/{number}"


def programs_path(name: str, sought: Sought, offset: int = 0) -> str:
    """Path of a list of programs."""
    asked = {key: value for key, value in asdict(sought).items() if value}
    return f"{run_path(name)}/programs?{urlencode(asked | ({'offset': offset} if offset else {}))}"


def state_text(state: State) -> str:
    """A state in a few words."""
    if state.live:
        who = f", process {state.process}" if state.process else ""
        return f"{state.name}{who}"
    endings: Mapping[str, str] = {
        "time": "finished: its time was over", "evaluations": "finished: all evaluations done",
        "interrupt": "finished: interrupted", "request": "finished: stopped on request",
        "max-usd": "finished: dollars spent", "max-tokens": "finished: tokens spent", "replayed": "finished: replayed",
    }  # fmt: skip
    if state.name == "finished":
        return endings.get(state.stopped_by or "", f"finished: {state.stopped_by}")
    return {"died": "died", "open": "waits for an agent"}[state.name]
