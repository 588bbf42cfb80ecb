"""Which backends work here, found out by running a policy process in each."""

from dataclasses import dataclass

from adrs import plugins
from adrs.errors import UserError
from adrs.sandbox.base import Sandbox, SandboxSpec, SandboxUnavailable
from adrs.sandbox.zygote import Broken


@dataclass(frozen=True)
class Probe:
    """One row of the table that `adrs doctor` prints."""

    name: str
    available: bool
    isolates: tuple[str, ...]
    detail: str
    """What was tried and what it answered, in one sentence."""
    warning: str = ""


def probe() -> list[Probe]:
    """Try every backend, best first; one that cannot be imported comes last, with the reason."""
    backends, broken = _backends()
    return [*map(_try, backends), *broken]


def choose(name: str | None = None) -> Sandbox:
    """The backend called `name`, or the best that works here.

    Raises UserError, with the reason, when the named one does not work: a weaker one is never taken instead.
    """
    if name is not None:
        backend = named(name)
        answer = _try(backend)
        if not answer.available:
            raise UserError(f'sandbox "{name}" cannot be used here: {answer.detail}')
        return backend
    detail = "none is registered"
    for backend in _backends()[0]:
        answer = _try(backend)
        if answer.available:
            return backend
        detail = answer.detail
    raise UserError(f"no sandbox works here, not even the weakest: {detail} (`adrs doctor` says what was tried)")


def named(name: str) -> Sandbox:
    """The backend called `name`, unprobed. Raises UserError for one that is unknown or cannot be imported."""
    backend: Sandbox = plugins.load("sandbox", name)()
    return backend


def _backends() -> tuple[list[Sandbox], list[Probe]]:
    found: list[Sandbox] = []
    broken: list[Probe] = []
    for name in plugins.names("sandbox"):
        try:
            found.append(named(name))
        except UserError as error:
            broken.append(Probe(name, False, (), str(error)))
    return sorted(found, key=lambda backend: backend.rank), broken


def _try(backend: Sandbox) -> Probe:
    """Start a zygote and a policy process."""
    try:
        zygote = backend.start(SandboxSpec())
        note = f"; {zygote.note}" if zygote.note else ""
        try:
            child = zygote.spawn()
            child.ready()
            child.end()
        finally:
            zygote.close()
    except (SandboxUnavailable, Broken, UserError) as reason:
        return Probe(backend.name, False, backend.isolates, str(reason), backend.warning)
    return Probe(backend.name, True, backend.isolates, f"a policy process was started and ended{note}", backend.warning)
