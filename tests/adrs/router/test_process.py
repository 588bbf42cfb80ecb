"""The router in its sandbox: what it is shown, how it fails, how it starts again."""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from adrs import problem as problems
from adrs import sandbox
from adrs.llm.prices import Price
from adrs.llm.routing import Undecided
from adrs.llm.specs import parse_spec
from adrs.resources import folder
from adrs.router import PROBLEM
from adrs.router.features import features
from adrs.router.process import RouterProcess
from adrs.router.training import Member, Row, Training
from adrs.sandbox import Sandbox

SECRET = "internal.example"
MEMBERS = [
    Member(parse_spec(f"cheap@https://{SECRET}/v1", {}), Price(1.0, 2.0)),
    Member(parse_spec("dear", {}), Price(10.0, 20.0)),
    Member(parse_spec("never", {}), Price(5.0, 10.0)),
]
EVERYTHING = (0, 1, 2)
PROBLEM_OF_ROUTERS = problems.load(PROBLEM)


@pytest.fixture(scope="module")
def backend() -> Sandbox:
    return sandbox.choose()


def rows(count: int) -> list[Row]:
    rng = np.random.default_rng(0)
    return [
        Row(f"prompt {number} {'hard' if number % 3 else 'easy'}", number % 2, float(rng.choice([0, 0.25, 1])),
            0.001 * (1 + number % 2), 400, 100 + number % 2)
        for number in range(count)
    ]  # fmt: skip


class Asked:
    """A router process, of which one thing is wanted at a time."""

    def __init__(self, process: RouterProcess) -> None:
        self._process = process

    def decide(self, prompt: str, seed: int, offered: Sequence[int]) -> int:
        return asyncio.run(self._process.decide(prompt, seed, offered))


def made(backend: Sandbox, source: str, count: int = 0) -> RouterProcess:
    return RouterProcess(backend, PROBLEM_OF_ROUTERS, source, Training(rows(count), MEMBERS), MEMBERS)


@contextmanager
def router(backend: Sandbox, source: str, count: int = 0) -> Iterator[Asked]:
    process = made(backend, source, count)
    try:
        asyncio.run(process.start())
        yield Asked(process)
    finally:
        asyncio.run(process.close())


def test_it_is_shown_what_a_query_router_is_shown_and_nothing_else(backend: Sandbox) -> None:
    source = f"""
import os

def route(model, state, request):
    assert state is None and model is None
    assert sorted(request) == ["characters", "features", "models", "price_of_cost", "seed", "text"], sorted(request)
    assert request["models"] == [
        {{"name": "cheap", "price_in": 1.0, "price_out": 2.0}},
        {{"name": "dear", "price_in": 10.0, "price_out": 20.0}},
        {{"name": "never", "price_in": 5.0, "price_out": 10.0}},
    ], request["models"]
    assert request["text"] == "a prompt" and request["characters"] == 8 and request["price_of_cost"] == 0.0
    assert len(request["features"]) == 256 and abs((request["features"] ** 2).sum() - 1) < 1e-9
    assert {SECRET!r} not in repr(request) + repr(dict(os.environ))
    assert not any("KEY" in name for name in os.environ)
    return request["seed"] % 3
"""
    with router(backend, source) as process:
        assert [process.decide("a prompt", 2**62 + seed, EVERYTHING) for seed in range(3)] == [
            (2**62 + seed) % 3 for seed in range(3)
        ]


def test_it_learns_from_what_was_asked_of_whom(backend: Sandbox) -> None:
    source = """
import numpy as np

def fit(train):
    seen = ~np.isnan(train["accuracy"])
    assert (seen.sum(axis=1) == 1).all() and len(seen) in (105, 210) and not seen[:, -1].any()
    assert [each["name"] for each in train["models"]][-1] == "never"
    return len(train["models"])

def route(model, state, request):
    return model - 1
"""
    with router(backend, source, 210) as process:
        assert process.decide("a prompt", 0, EVERYTHING) == 2
        assert process.decide("a prompt", 0, (1, 2)) == 2, "fitted anew to those that are left"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise RuntimeError('no idea')", "no idea"),
        ("return 3", "range"),
        ("return -1", "range"),
        ("return True", "type"),
        ("return 1.0", "type"),
        ("while True: pass", "too long"),
        ("import time; time.sleep(60)", "longer than"),
        ("import os; os._exit(3)", "ended"),
        ("return [0] * 10**9", "memory|Memory"),
    ],
)
def test_a_failure_is_undecided_and_the_next_call_is_answered(backend: Sandbox, body: str, reason: str) -> None:
    source = f"def route(model, state, request):\n    if request['text'] == 'good':\n        return 1\n    {body}\n"
    with router(backend, source) as process:
        with pytest.raises(Undecided, match=reason):
            process.decide("bad", 0, EVERYTHING)
        assert process.decide("good", 0, EVERYTHING) == 1


@pytest.mark.parametrize("source", ["open('/etc/passwd')\n", "def fit(train):\n    raise ValueError('never')\n"])
def test_what_cannot_be_loaded_or_fitted_is_said_at_once(backend: Sandbox, source: str) -> None:
    source += "\ndef route(model, state, request):\n    return 0\n"
    with pytest.raises(Undecided), router(backend, source):
        pass


def test_a_run_goes_on_while_a_router_thinks(backend: Sandbox) -> None:
    async def run() -> list[str]:
        process, done = made(backend, "def route(model, state, request):\n    while True: pass\n"), []

        async def decide() -> None:
            with pytest.raises(Undecided, match="too long"):
                await process.decide("a prompt", 0, EVERYTHING)
            done.append("decision")

        async def other() -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            done.append("other work")

        try:
            await process.start()
            await asyncio.gather(decide(), other())
        finally:
            await process.close()
        return done

    assert asyncio.run(run()) == ["other work", "decision"]


def test_a_run_that_ends_waits_for_no_fit(backend: Sandbox) -> None:
    source = "import time\n\ndef fit(train):\n    time.sleep(3600)\n\ndef route(model, state, request):\n    return 0\n"

    async def run() -> None:
        process = made(backend, source)
        fitting = asyncio.create_task(process.start())
        await asyncio.sleep(0)
        await asyncio.wait_for(process.close(), 60.0)
        with pytest.raises(Undecided, match="the run has ended"):
            await fitting

    asyncio.run(run())


def test_random_numbers_are_of_the_ticket(backend: Sandbox) -> None:
    source = "import random\n\ndef route(model, state, request):\n    return random.randrange(3)\n"
    with router(backend, source) as process:
        first = [process.decide("a prompt", seed, EVERYTHING) for seed in range(20)]
        again = [process.decide("a prompt", seed, EVERYTHING) for seed in reversed(range(20))]
    assert first == again[::-1]
    assert len(set(first)) == 3


BASELINES = sorted(path.stem for path in (folder("problems") / PROBLEM / "baselines").glob("*.py"))


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.filterwarnings("error")
def test_shipped_programs_cope_with_models_that_were_not_asked(
    name: str, load_program: Callable[[str], dict[str, object]]
) -> None:
    """Accuracy is NaN wherever a model was not asked, and in all of a column for one that never was."""
    program = load_program(name)
    fit, route = program.get("fit"), program["route"]
    assert callable(route)
    training = Training(rows(210), MEMBERS)
    for offered in (EVERYTHING, (0, 2)):
        model = fit(training.columns(offered)) if callable(fit) else None
        request = {
            "text": "prompt 5 hard", "characters": 13, "features": features("prompt 5 hard"), "seed": 5,
            "models": [MEMBERS[place].plain() for place in offered], "price_of_cost": 0.0,
        }  # fmt: skip
        chosen = route(model, None, request)
        assert type(chosen) is int
        assert 0 <= chosen < len(offered)


@pytest.fixture
def load_program() -> Callable[[str], dict[str, object]]:
    def load(name: str) -> dict[str, object]:
        found: dict[str, object] = {}
        exec((folder("problems") / PROBLEM / "baselines" / f"{name}.py").read_text(), found)
        return found

    return load


def test_training_columns_are_what_was_seen_and_reckoned() -> None:
    training = Training(rows(4), MEMBERS)
    columns = training.columns(EVERYTHING)
    assert np.isnan(columns["accuracy"]).tolist() == [[False, True, True], [True, False, True]] * 2
    assert columns["output_tokens"].tolist() == [[100, 0, 0], [0, 101, 0]] * 2
    assert columns["cost"][0].tolist() == pytest.approx(
        [0.001, (400 * 10 + 101 * 20) / 1e6, (400 * 5 + 100 * 10) / 1e6]
    )
    assert columns["input_tokens"].tolist() == [400] * 4
    empty = Training([], MEMBERS).columns(EVERYTHING)
    assert empty["features"].shape == (0, 256)
    assert empty["accuracy"].shape == (0, 3)
    assert not math.isnan(training.columns((1,))["cost"].sum())
