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
    """Seven evaluations in ticket order; the router is given as source."""
    if router is not None:
        (runs / "router.py").write_text(router)
        more["model_router"] = runs / "router.py"
    names = more.pop("names", ("cheap", "dear"))
    prices = {"cheap": "cheap=1/2", "dear": "dear=10/20"}
    options: dict[str, Any] = {"proposers": "model", "max_evaluations": 7, "order": "ticket", "workers": 2,
                               "prices": [prices[name] for name in names], "runs_dir": runs, **more}  # fmt: skip
    return evolve(problem, models=[f"{name}@{server.url}" for name in names], **options)


@pytest.fixture(scope="module")
def without(problem: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same without a router."""
    return run(problem, server, tmp_path_factory.mktemp("runs"), name="without")


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
    shown = adrs("show", str(made.path), str(programs[0].id), cwd=tmp_path).stdout
    assert f"chosen by the model router; the bandit would have chosen {programs[0].detail['router']['bandit']}" in shown
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
    assert len(by_models(routed)) >= 6


def test_a_crashing_router_costs_nothing_but_a_warning(
    problem: Path, server: Server, without: Run, tmp_path: Path
) -> None:
    routed = run(problem, server, tmp_path, CRASHES)
    assert lineage(routed) == lineage(without)
    assert len(warnings(routed)) == 1
    assert "RuntimeError: no idea" in warnings(routed)[0]
    records = [program.detail.get("router") for program in by_models(routed)]
    assert [record["by"] for record in records[:3]] == ["bandit"] * 3
    assert "no idea" in records[0]["failure"]
    assert records[3:] == [None] * len(records[3:])


def test_the_lineage_is_the_same_at_any_number_of_workers(problem: Path, server: Server, tmp_path: Path) -> None:
    one, four = (
        run(problem, server, tmp_path, BY_SEED, workers=workers, window=4, max_evaluations=9) for workers in (1, 4)
    )
    assert lineage(one) == lineage(four)
    assert len({program.model for program in by_models(one)}) == 2


def test_replay_and_resume_need_no_router_file(problem: Path, server: Server, tmp_path: Path) -> None:
    made = run(problem, server, tmp_path, BY_SEED, name="routed")
    (tmp_path / "router.py").unlink()
    asked = server.counts["answers"]
    again = adrs_json("replay", "routed", "--runs-dir", str(tmp_path), cwd=tmp_path)
    assert again["identical"] is True
    assert server.counts["answers"] == asked
    resumed = adrs_json("resume", "routed", "--runs-dir", str(tmp_path), "--max-evaluations", "12", cwd=tmp_path)
    assert resumed["warnings"] == []
    assert {program.detail["router"]["by"] for program in by_models(made)[6:]} == {"router"}


def test_one_that_learns_needs_past_runs_and_says_so(
    problem: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learns = (
        "def fit(train):\n    return len(train['texts'])\n\ndef route(model, state, request):\n    return model - 6\n"
    )
    past = run(problem, server, tmp_path, learns, name="past")
    assert "needs 200" in warnings(past)[0]
    assert "--model-router-train" in warnings(past)[0]
    assert not any("router" in program.detail for program in by_models(past))
    monkeypatch.setattr("adrs.router.plugged.LEAST_ROWS", 5)
    taught = run(problem, server, tmp_path, learns, name="taught", model_router_train=["past"])
    assert warnings(taught) == ()
    assert {program.model for program in by_models(taught)} == {f"cheap@{server.url}"}
    with Reader(taught.path) as reader:
        assert reader.events("routed")[0][1]["rows"] == len(by_models(past)) == 6
    (past.path / "run.db").unlink()
    taught.resume(max_evaluations=9)
    assert taught.outcome is not None
    assert "changed since, or are gone" in taught.outcome.warnings[0]


def test_a_program_of_a_run_is_a_router(problem: Path, server: Server, tmp_path: Path) -> None:
    other = run(problem, server, tmp_path, name="other", max_evaluations=1)
    with pytest.raises(UserError, match="problem demo; --model-router takes a program of query-routing"):
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
    problem: Path, server: Server, without: Run
) -> None:
    routed = run(problem, server, without.path.parent, FIRST, name="with")
    with Reader(routed.path) as reader:
        page = render(reader)
    assert "run without, without the router" in page
    assert "no gain is claimed" not in page
    assert "At the same spend" in page


def test_settings_of_older_logs_have_no_router() -> None:
    from dataclasses import asdict

    from adrs.settings import Settings

    known = json.loads(json.dumps(asdict(Settings("demo"))))
    del known["model_router"], known["model_router_train"]
    assert Settings.from_plain(known) == Settings("demo")
