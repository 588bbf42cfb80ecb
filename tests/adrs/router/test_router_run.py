"""Runs in which a program chooses among the models, over real sockets: what a user of `--model-router` relies on."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason="the openai package is not installed (pip install 'adrs[models]')")

from adrs import Run, evolve
from adrs.errors import UserError
from adrs.program import Program
from adrs.report import render
from adrs.resources import folder
from adrs.store import Reader
from adrs.testing.openai_server import Answer, Request, Server
from tests.adrs.cli_tools import adrs, adrs_json
from tests.adrs.test_run_models import REWRITE

FIRST = "def route(model, state, request):\n    return 0\n"
CRASHES = "def route(model, state, request):\n    raise RuntimeError('no idea')\n"
BY_SEED = "def route(model, state, request):\n    return request['seed'] % len(request['models'])\n"
ODD = """
def route(model, state, request):
    assert set(request) == {"text", "characters", "features", "models", "price_of_cost", "seed"}
    assert [sorted(each) for each in request["models"]] == [["name", "price_in", "price_out"]] * 2
    assert [each["name"] for each in request["models"]] == ["cheap", "dear"]
    assert request["characters"] == len(request["text"]) > 1000 and "def solve" in request["text"]
    assert abs(float(request["features"] @ request["features"]) - 1) < 1e-9 and len(request["features"]) == 256
    return 1
"""


def by_prompt(request: Request) -> Answer:
    """A program that depends on what is asked alone, so that runs can be compared; 400 + 100 tokens."""
    import zlib

    shift = zlib.crc32(f"{request.model} {request.prompt}".encode()) % 10_000
    return Answer(REWRITE.format(shift=shift / 1000), input_tokens=400, output_tokens=100)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(answers=by_prompt) as running:
        yield running


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("routed")
    adrs("new", "demo", cwd=workspace)
    return workspace / "demo"


def run(problem: Path, server: Server, runs: Path, router: str | None = None, **more: Any) -> Run:
    """Ten evaluations in ticket order; the router is given as source."""
    if router is not None:
        (runs / "router.py").write_text(router)
        more["model_router"] = runs / "router.py"
    names = more.pop("names", ("cheap", "dear"))
    prices = {"cheap": "cheap=1/2", "dear": "dear=10/20"}
    options: dict[str, Any] = {"proposers": "model", "max_evaluations": 10, "order": "ticket", "workers": 2,
                               "prices": [prices[name] for name in names], "runs_dir": runs, **more}  # fmt: skip
    return evolve(problem, models=[f"{name}@{server.url}" for name in names], **options)


def by_models(made: Run) -> list[Program]:
    """The programs that models wrote."""
    with Reader(made.path) as reader:
        return [program for program in reader.programs() if program.proposer == "model"]


def lineage(made: Run, models: bool = True) -> list[tuple[Any, ...]]:
    with Reader(made.path) as reader:
        return [(program.source, program.parents, program.verdict, program.score, program.model if models else "")
                for program in reader.programs()]  # fmt: skip


def warnings(made: Run) -> tuple[str, ...]:
    assert made.outcome is not None
    return made.outcome.warnings


def test_choice_and_cost_are_shown(problem: Path, server: Server, tmp_path: Path) -> None:
    made = run(problem, server, tmp_path, ODD)
    assert warnings(made) == ()
    programs = by_models(made)
    assert {program.model for program in programs} == {f"dear@{server.url}"}
    for program in programs:
        record = program.detail["router"]
        assert record["by"] == "router"
        assert record["bandit"] in (f"cheap@{server.url}", f"dear@{server.url}")
        assert set(record["worths"]) == {program.model, record["bandit"]}
        assert program.detail["usd"] == pytest.approx((400 * 10 + 100 * 20) / 1e6)
    would = Counter(program.detail["router"]["bandit"] for program in programs)
    with Reader(made.path) as reader:
        page = render(reader)
    assert "Chosen by the model router" in page
    for label, count in would.items():
        assert label in page
        assert str(count) in page
    assert "no gain is claimed" in page, "there is no run without the router to compare with"


def test_a_constant_program_reproduces_a_run_of_that_model_alone(problem: Path, server: Server, tmp_path: Path) -> None:
    routed = run(problem, server, tmp_path, FIRST)
    alone = run(problem, server, tmp_path, names=("cheap",))
    assert lineage(routed) == lineage(alone)
    assert len(by_models(routed)) >= 9


def test_a_crashing_router_costs_nothing_but_a_warning(problem: Path, server: Server, tmp_path: Path) -> None:
    routed = run(problem, server, tmp_path, CRASHES)
    without = run(problem, server, tmp_path)
    assert lineage(routed) == lineage(without)
    assert len(warnings(routed)) == 1
    assert "RuntimeError: no idea" in warnings(routed)[0]
    records = [program.detail.get("router") for program in by_models(routed)]
    assert [record["by"] for record in records[:3]] == ["bandit"] * 3
    assert "no idea" in records[0]["failure"]
    assert records[3:] == [None] * len(records[3:])


def test_the_lineage_is_the_same_at_any_number_of_workers(problem: Path, server: Server, tmp_path: Path) -> None:
    one, four = (run(problem, server, tmp_path, BY_SEED, workers=workers, window=4) for workers in (1, 4))
    assert lineage(one) == lineage(four)
    assert len({program.model for program in by_models(one)}) == 2


def test_replay_and_resume_need_no_router_file(problem: Path, server: Server, tmp_path: Path) -> None:
    made = run(problem, server, tmp_path, BY_SEED, name="routed")
    whole = run(problem, server, tmp_path, BY_SEED, max_evaluations=16)
    (tmp_path / "router.py").unlink()
    asked = server.counts["answers"]
    again = adrs_json("replay", "routed", "--runs-dir", str(tmp_path), cwd=tmp_path)
    assert again["identical"] is True
    assert server.counts["answers"] == asked
    adrs_json("resume", "routed", "--runs-dir", str(tmp_path), "--max-evaluations", "16", cwd=tmp_path)
    assert lineage(made) == lineage(whole)


@pytest.mark.parametrize(
    ("router", "expected"),
    [
        ("def route(model, state, request):\n    return 2\n", "range"),
        ("def route(model, state, request):\n    return True\n", "type"),
        ("def route(model, state, request):\n    while True:\n        pass\n", "too long"),
        ("import os\n\ndef route(model, state, request):\n    os._exit(3)\n", "ended"),
        ("open('/etc/passwd')\n\ndef route(model, state, request):\n    return 0\n", "cannot be made ready"),
    ],
)
def test_whatever_a_router_does_the_run_goes_on(
    problem: Path, server: Server, tmp_path: Path, router: str, expected: str
) -> None:
    made = run(problem, server, tmp_path, router, max_evaluations=5)
    assert made.outcome is not None
    assert made.outcome.evaluations == 5
    assert len(warnings(made)) == 1
    assert expected in warnings(made)[0]


def test_one_failure_is_of_that_call_alone(problem: Path, server: Server, tmp_path: Path) -> None:
    router = "def route(model, state, request):\n    assert request['seed'] % 2, 'odd'\n    return 0\n"
    made = run(problem, server, tmp_path, router, max_evaluations=12, seed=1)
    ways = Counter(program.detail["router"]["by"] for program in by_models(made) if "router" in program.detail)
    assert ways["router"] > 1
    assert ways["bandit"] > 1


def test_a_model_that_would_break_the_cap_is_not_offered(problem: Path, server: Server, tmp_path: Path) -> None:
    """A dear call may take $0.02 + its prompt's, more than all there is; cheap ones are paid for a while."""
    router = "def route(model, state, request):\n    return len(request['models']) - 1\n"
    options = ["--max-usd", "0.4", "--price", "cheap=1/2", "--price", "dear=10/20", "--order", "ticket"]
    (tmp_path / "router.py").write_text(router)
    made = adrs_json(
        "run", str(problem), "--model", f"cheap@{server.url}", "--model", f"dear@{server.url}", *options,
        "--proposers", "model", "--max-evaluations", "40", "--max-output-tokens", "1000", "--name", "capped",
        "--model-router", "router.py", cwd=tmp_path,
    )  # fmt: skip
    assert made["spend"]["usd"] <= 0.4
    programs = by_models(Run.open(tmp_path / made["path"]))
    ways = [(program.detail["router"]["by"], program.model.partition("@")[0]) for program in programs]
    assert ("router", "dear") in ways
    assert ("budget", "cheap") in ways, "when a dear call does not fit any more, cheap ones go on"
    assert ways.index(("budget", "cheap")) > ways.index(("router", "dear"))


def test_it_learns_from_past_runs_or_says_that_it_cannot(problem: Path, server: Server, tmp_path: Path) -> None:
    learns = """
import numpy as np

def fit(train):
    seen = ~np.isnan(train["accuracy"])
    assert set(np.unique(train["accuracy"][seen])) <= {0.0, 0.25, 1.0}
    assert (seen.sum(axis=1) == 1).all() and seen[:, 1].any() and np.isfinite(train["cost"]).all()
    assert train["features"].shape == (len(train["texts"]), 256) and "def solve" in train["texts"][0]
    assert abs(train["cost"][seen] - train["cost"].min(axis=0)[seen.argmax(axis=1)]).max() < 1e-9
    return len(train["texts"])

def route(model, state, request):
    return 0 if model == 240 else 1
"""
    few = run(problem, server, tmp_path, learns, max_evaluations=3)
    assert "needs 200" in warnings(few)[0]
    assert "--model-router-train" in warnings(few)[0]
    assert not any("router" in program.detail for program in by_models(few))
    past = run(problem, server, tmp_path, BY_SEED, max_evaluations=240, name="past")
    rows = len(by_models(past))
    assert rows >= 240
    made = run(problem, server, tmp_path, learns.replace("240", str(rows)), max_evaluations=4, name="taught",
               model_router_train=["past"])  # fmt: skip
    assert warnings(made) == ()
    assert {program.model for program in by_models(made)} == {f"cheap@{server.url}"}
    (past.path / "run.db").unlink()
    resumed = adrs_json("resume", "taught", "--runs-dir", str(tmp_path), "--max-evaluations", "6", cwd=tmp_path)
    assert "changed since, or are gone" in resumed["warnings"][0]


def test_a_program_of_a_run_is_a_router(problem: Path, server: Server, tmp_path: Path) -> None:
    other = run(problem, server, tmp_path, name="other", max_evaluations=1)
    with pytest.raises(UserError, match="other is of the problem demo; a model router is a program of query-routing"):
        run(problem, server, tmp_path, model_router="other:1")
    with Reader(other.path) as reader:
        configuration = {**reader.info.configuration}
    from adrs import problem as problems
    from adrs.program import Draft
    from adrs.store import Writer

    writer = Writer.create(tmp_path / "routing", problems.load("query-routing"), 0, configuration)
    writer.proposed(1, 1, 0, "", Draft(FIRST, "seed", "seed", ()))
    writer.close()
    made = run(problem, server, tmp_path, model_router="routing:1", max_evaluations=3)
    assert {program.model for program in by_models(made)} == {f"cheap@{server.url}"}


def test_what_cannot_work_is_one_sentence_before_anything_is_written(
    problem: Path, server: Server, tmp_path: Path
) -> None:
    def refused(expected: str, **more: Any) -> None:
        with pytest.raises(UserError, match=expected):
            run(problem, server, tmp_path, **more)

    (tmp_path / "solve.py").write_text("def solve(instance):\n    return 0\n")
    (tmp_path / "first.py").write_text(FIRST)
    refused("name at least two with --model", names=("cheap",), model_router=tmp_path / "first.py")
    refused("name one with --model-router", model_router_train=["past"])
    refused("is neither a file nor RUN:ID", model_router="nothing.py")
    refused("no program of query-routing: .*route", model_router=tmp_path / "solve.py")
    refused("price of model dear.* is not known", model_router=tmp_path / "first.py", prices=["cheap=0"])
    refused("there are no runs", model_router=tmp_path / "first.py", model_router_train=["past"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.py", "solve.py"]


def test_a_report_compares_with_a_run_without_the_router_at_the_same_spend(
    problem: Path, server: Server, tmp_path: Path
) -> None:
    routed = run(problem, server, tmp_path, FIRST, name="with")
    run(problem, server, tmp_path, name="without")
    with Reader(routed.path) as reader:
        page = render(reader)
    assert "without" in page
    assert "no gain is claimed" not in page
    assert "at the same spend" in page


@pytest.mark.parametrize("name", ["carrot_linear", "logistic", "knn_5", "cheapest_sufficient", "always_best"])
def test_shipped_programs_cope_with_models_that_were_not_asked(name: str) -> None:
    """NaN wherever a model was not called, one model never called at all."""
    import importlib.util

    import numpy as np

    from adrs.llm.prices import Price
    from adrs.llm.specs import parse_spec
    from adrs.router.features import features
    from adrs.router.training import Member, Row, Training

    members = [Member(parse_spec(label, {}), Price(1.0 + place, 2.0)) for place, label in enumerate("abc")]
    rng = np.random.default_rng(0)
    rows = [Row(f"prompt {number} {'hard' if number % 3 else 'easy'}", number % 2, float(rng.choice([0, 0.25, 1])),
                0.001, 400, 100) for number in range(220)]  # fmt: skip
    path = folder("problems") / "query-routing" / "baselines" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"router_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    training = Training(rows, members)
    for offered in ([0, 1, 2], [0, 2]):
        model = program.fit(training.columns(offered))
        request = {"features": features("prompt 5 hard"), "models": [members[place].plain() for place in offered]}
        chosen = program.route(model, None, request)
        assert type(chosen) is int
        assert 0 <= chosen < len(offered)


def test_settings_of_older_logs_have_no_router() -> None:
    from dataclasses import asdict

    from adrs.settings import Settings

    known = json.loads(json.dumps(asdict(Settings("demo"))))
    del known["model_router"], known["model_router_train"]
    assert Settings.from_plain(known) == Settings("demo")
