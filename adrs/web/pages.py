"""Routes that answer with HTML: whole pages, and the parts of them that are drawn anew while a run goes on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from adrs import lineage, steering
from adrs.errors import UserError
from adrs.lineage.said import notes, said
from adrs.lineage.state import State, state, work
from adrs.program import Program
from adrs.store import Reader
from adrs.web import source
from adrs.web.site import Site
from adrs.web.text import hidden, leading

_MOST_RUNS = 6
"""That are compared at a time."""
_MOST_CHILDREN = 50
_PAGE = 50
"""Programs in a list at a time."""


@dataclass(frozen=True)
class Listed:
    """A run in the list of runs."""

    name: str
    overview: lineage.Overview | None
    state: State | None
    damage: str = ""


def routes(site: Site) -> list[Route]:
    """All pages."""
    pages = Pages(site)
    found: dict[str, Callable[[Request], Response]] = {
        "/": pages.runs,
        "/list": pages.list_of_runs,
        "/compare": pages.compare,
        "/compare/programs": pages.compare_programs,
        "/runs/{run}": pages.run,
        "/runs/{run}/head": pages.head,
        "/runs/{run}/panels": pages.panels,
        "/runs/{run}/programs": pages.programs,
        "/runs/{run}/programs/{number:program}": pages.program,
        "/runs/{run}/programs/{number:program}/preview": pages.preview,
        "/runs/{run}/programs/{number:program}/diff": pages.diff,
    }
    return [Route(path, page) for path, page in found.items()]


class Pages:
    """Asks the lineage and fills templates."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def runs(self, request: Request) -> HTMLResponse:
        """All runs."""
        return self._site.page("runs", runs=self._listed(), runs_dir=str(self._site.runs_dir))

    def list_of_runs(self, request: Request) -> HTMLResponse:
        """The table of that page."""
        return self._site.page("_runs", runs=self._listed(), runs_dir=str(self._site.runs_dir))

    def run(self, request: Request) -> HTMLResponse:
        """One run."""
        with self._site.open(request) as reader:
            return self._site.page(
                "run", **_head(reader), declared=lineage.declared(reader), event=reader.last_event(),
                reads_hints=steering.reads_hints(reader),
            )  # fmt: skip

    def head(self, request: Request) -> HTMLResponse:
        """State, figures and current work of a run."""
        with self._site.open(request) as reader:
            return self._site.page("_head", **_head(reader))

    def panels(self, request: Request) -> HTMLResponse:
        """Where the winner stands, verdicts, spend and what people said: what takes longer to find out."""
        with self._site.open(request) as reader:
            return self._site.page(
                "_panels", run=reader.folder.name, verdicts=lineage.verdicts(reader),
                failures=lineage.failures(reader, 6), costs=lineage.costs(reader), gains=lineage.gains(reader),
                standing=lineage.standing(reader), configuration=lineage.configuration(reader),
                said=said(reader)[:50], declared=lineage.declared(reader), leading=leading(reader),
                ended=_ended(reader),
            )  # fmt: skip

    def programs(self, request: Request) -> HTMLResponse:
        """Programs that somebody looks for."""
        asked = {name: request.query_params.get(name, "") for name in ("verdict", "made_by", "text")}
        sought = lineage.Sought(**asked, order=request.query_params.get("order", "") or "best")
        offset = _number(request, "offset", 0)
        with self._site.open(request) as reader:
            try:
                found = lineage.matching(reader, sought, _PAGE, offset)
            except UserError as error:
                raise HTTPException(404, str(error)) from None
            return self._site.page(
                "listing", run=reader.folder.name, sought=sought, found=found, offset=offset, page=_PAGE,
                verdicts=lineage.verdicts(reader), makers=lineage.makers(reader), orders=list(lineage.ORDERS),
                trust=reader.info.trust, winner=lineage.winner(reader), leading=leading(reader), ended=_ended(reader),
            )  # fmt: skip

    def program(self, request: Request) -> HTMLResponse:
        """One program."""
        number = request.path_params["number"]
        with self._site.open(request) as reader:
            _known(reader, number)
            found = lineage.detail(reader, number)
            ancestors = lineage.line(reader, number)[:-1]
            against = _number(request, "against", ancestors[-1]) if ancestors else None
            declared = lineage.declared(reader)
            return self._site.page(
                "program", run=reader.folder.name, detail=found, program=found.program,
                evaluation=found.program.evaluation, lines=source.lines(found.program.source, declared.seed),
                hidden=hidden(found.program.source), ancestors=_summaries(reader, ancestors), against=against,
                diff=_diff(reader, against, found.program) if against is not None else None,
                children=found.children[:_MOST_CHILDREN], notes=notes(reader, number), trust=reader.info.trust,
                count=reader.count(), winner=lineage.winner(reader), leading=leading(reader), declared=declared,
                ended=_ended(reader),
            )  # fmt: skip

    def preview(self, request: Request) -> HTMLResponse:
        """A program beside the tree: what it is, and what it changed."""
        number = request.path_params["number"]
        with self._site.open(request) as reader:
            _known(reader, number)
            program = reader.program(number)
            parent = reader.program(program.parents[0].id) if program.parents else None
            return self._site.page(
                "_preview", run=reader.folder.name, program=program, parent=parent,
                gain=lineage.gain(program, parent), evaluation=program.evaluation,
                diff=_diff(reader, parent.id, program) if parent else None, winner=lineage.winner(reader),
                lines=() if parent else source.lines(program.source, lineage.declared(reader).seed),
                leading=leading(reader), ended=_ended(reader),
            )  # fmt: skip

    def diff(self, request: Request) -> HTMLResponse:
        """What a program changed, seen from another one."""
        with self._site.open(request) as reader:
            number, against = request.path_params["number"], _number(request, "against", 1)
            _known(reader, number)
            _known(reader, against)
            return self._site.page("_diff", diff=_diff(reader, against, reader.program(number)))

    def compare(self, request: Request) -> HTMLResponse:
        """Runs side by side."""
        ticked = list(dict.fromkeys(request.query_params.getlist("run")))
        names, left_out = ticked[:_MOST_RUNS], ticked[_MOST_RUNS:]
        columns: list[dict[str, Any]] = []
        for name in names:
            with self._site.reader(name) as reader:
                columns.append({
                    "overview": lineage.overview(reader), "state": state(reader), "spend": reader.spend(),
                    "standing": lineage.standing(reader), "declared": lineage.declared(reader),
                    "configuration": reader.info.configuration, "leading": leading(reader),
                })  # fmt: skip
        problems = {column["overview"].problem for column in columns}
        return self._site.page(
            "compare", columns=columns, known=self._site.names(), chosen=names, problems=sorted(problems),
            most=_MOST_RUNS, left_out=left_out,
        )  # fmt: skip

    def compare_programs(self, request: Request) -> HTMLResponse:
        """Two programs side by side, of one run or of two."""
        sides = []
        for side in ("left", "right"):
            name, number = request.query_params.get(f"{side}_run", ""), _number(request, side, 0)
            with self._site.reader(name) as reader:
                _known(reader, number)
                sides.append((name, reader.program(number), lineage.declared(reader), reader.info.trust))
        (_, before, declared, trust), (_, after, other, other_trust) = sides
        return self._site.page(
            "programs", left_run=sides[0][0], right_run=sides[1][0], before=before, after=after,
            diff=source.rows(lineage.diff(before, after)), workloads=lineage.by_workload(before, after),
            declared=declared, alike=declared.title == other.title, trust=max(trust, other_trust),
            known=self._site.names(),
        )  # fmt: skip

    def _listed(self) -> list[Listed]:
        """Runs that somebody works on, then the others, each the newest first; then what cannot be read."""
        found = []
        for name in self._site.names():
            try:
                with self._site.reader(name) as reader:
                    found.append(Listed(name, lineage.overview(reader), state(reader)))
            except UserError as error:
                found.append(Listed(name, None, None, str(error)))
            except HTTPException:  # it is gone by now
                continue
        return sorted(found, key=_recency, reverse=True)


def _recency(listed: Listed) -> tuple[bool, float]:
    """Whether somebody works on a run, and when it was begun."""
    overview = listed.overview
    return (False, 0.0) if overview is None else (overview.live, overview.created)


def _head(reader: Reader) -> dict[str, Any]:
    found, now = lineage.overview(reader), state(reader)
    usd, calls = reader.rows("SELECT COALESCE(SUM(usd), 0.0), COUNT(*) FROM model_call")[0]
    winner = reader.summaries([found.winner.id])[0] if found.winner.id is not None else None
    return {
        "run": reader.folder.name, "overview": found, "state": now, "work": work(reader) if now.live else [],
        "seconds": reader.seconds(), "usd": usd, "calls": calls, "winner": winner, "now": time.time(),
        "settings": reader.configuration(), "leading": leading(reader),
    }  # fmt: skip


def _ended(reader: Reader) -> bool:
    """Whether nobody works on a run any more, so that what was not evaluated stays so."""
    return state(reader).stopped_by is not None


def _summaries(reader: Reader, numbers: list[int]) -> list[Any]:
    """Of the ancestors, the nearest first."""
    return reader.summaries(numbers)[::-1]


def _diff(reader: Reader, before: int, after: Program) -> list[source.Row]:
    _known(reader, before)
    return source.rows(lineage.diff(reader.program(before), after))


def _known(reader: Reader, number: int) -> None:
    """404 for a number that is none of the run's."""
    if not reader.rows("SELECT 1 FROM program WHERE id = ?", number):
        raise HTTPException(404, f"run {reader.folder.name} has no program {number}")


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise HTTPException(400, f"{name} must be the number of a program")
    return int(text)
