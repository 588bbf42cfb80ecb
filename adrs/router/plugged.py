"""`--model-router`: an evolved program at work on the models of another run.

Where it comes from, what it learns from, and that a resumed run goes on with the very same one: its source is in the
log.
"""

import ast
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from adrs import problem as problems
from adrs import sandbox
from adrs.errors import UserError
from adrs.folders import find_run
from adrs.llm.models import Models
from adrs.llm.routing import Routing, Undecided
from adrs.named_program import NamedProgram
from adrs.problem import Problem
from adrs.router import LEAST_ROWS, PROBLEM
from adrs.router.process import RouterProcess
from adrs.router.training import Member, Training, read_rows
from adrs.settings import Settings
from adrs.source import Rejected, Screen
from adrs.store import Reader

EVENT = "routed"
_OPTION = "--model-router"


@dataclass(frozen=True, slots=True)
class Plugged:
    """The router of a run, as its log keeps it."""

    program: str
    """As it was named."""
    source: str
    rows: int
    """Past proposals that it was fitted to."""
    digest: str
    """Of those."""
    why_not: str = ""
    """Why the ensemble's bandit chooses all the same; empty where the router does."""


def settled(settings: Settings, runs_dir: Path) -> Settings:
    """The settings with paths and runs by their absolute paths, so that a session elsewhere finds them.

    Raises UserError for a program or a run that is not there.
    """
    given = settings.model_router
    if given is None:
        return settings
    train = tuple(str(find_run(name, runs_dir).resolve()) for name in settings.model_router_train)
    named = NamedProgram.found(_OPTION, given, runs_dir, PROBLEM)
    return replace(settings, model_router=named.reference, model_router_train=train)


@contextlib.asynccontextmanager
async def at_work(
    settings: Settings, models: Models, earlier: Mapping[str, Any] | None, warn: Callable[[str], None]
) -> AsyncIterator[Plugged | None]:
    """Have the settings' router choose among the models meanwhile; None where there is no router.

    earlier: what the log of a run that is gone on with says of its router. warn: told once what keeps it from choosing.
    Raises UserError where the program is no router, or a price is not known.
    """
    if settings.model_router is None:
        yield None
        return
    problem = problems.load(PROBLEM)
    source = earlier["source"] if earlier else NamedProgram(_OPTION, settings.model_router).source(PROBLEM)
    _check(problem, source, settings.model_router)
    members = _members(models)
    training = Training(_rows(settings, members, earlier), members)
    why_not = earlier["why_not"] if earlier else _too_little(source, training)
    if earlier and not why_not and earlier["digest"] != training.digest:
        why_not = "the runs that it learned from have changed since, or are gone"
    backend = await asyncio.to_thread(sandbox.choose, settings.sandbox)
    process = RouterProcess(backend, problem, source, training, members)
    try:
        if not why_not:
            try:
                await process.start()
                models.routing = Routing(process, models.labels, warn)
            except Undecided as failure:
                why_not = f"it cannot be made ready: {failure}"
        if why_not:
            warn(f"the model router is not used, the ensemble's bandit chooses: {why_not}")
        yield Plugged(settings.model_router, source, len(training), training.digest, why_not)
    finally:
        models.routing = None
        await process.close()


def recorded(reader: Reader) -> Mapping[str, Any] | None:
    """What a log says of its run's router."""
    return next((payload for _, payload in reader.events(EVENT)), None)


def plain(router: Plugged) -> dict[str, Any]:
    """For the log."""
    return asdict(router)


def _check(problem: Problem, source: str, reference: str) -> None:
    try:
        Screen(problem).check(source)
    except Rejected as rejected:
        raise UserError(f"the model router {reference} is no program of {PROBLEM}: {rejected}") from None


def _members(models: Models) -> list[Member]:
    members = []
    for spec, price in models.priced:
        if price is None:
            raise UserError(
                f"the price of model {spec.label} is not known, and a model router weighs prices: give "
                f"--price {spec.name}=IN/OUT (dollars per million tokens), or --price {spec.name}=0 if it costs nothing"
            )
        members.append(Member(spec, price))
    return members


def _rows(settings: Settings, members: list[Member], earlier: Mapping[str, Any] | None) -> list[Any]:
    rows = []
    for folder in settings.model_router_train:
        try:
            with Reader(Path(folder)) as reader:
                rows += read_rows(reader, members)
        except UserError:
            if earlier is None:  # a run that is gone on with says that its router is lost, and goes on
                raise
    return rows


def _too_little(source: str, training: Training) -> str:
    """Why a program cannot be fitted; empty where it can, or learns nothing anyway."""
    if len(training) >= LEAST_ROWS or not _learns(source):
        return ""
    named = "--model-router-train names runs to learn from"
    return f"{len(training)} past proposals by these models are known, and it needs {LEAST_ROWS}; {named}"


def _learns(source: str) -> bool:
    """Whether a program has a function `fit`."""
    bound: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.Assign):
            bound |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
    return "fit" in bound
