"""adrs from Python: the page of examples, notebooks, interrupts, what importing costs."""

import asyncio
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import adrs
from adrs.store import Reader
from tests.adrs.cli_tools import adrs as command
from tests.adrs.cli_tools import adrs_json, environment
from tests.adrs.test_agent import FAILING, GREEDY

ROOT = Path(__file__).parents[2]


def script(text: str, cwd: Path) -> str:
    """Run a script in a process of its own; returns what it printed."""
    (cwd / "script.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=cwd, capture_output=True, text=True, timeout=240, check=False,
        env={**environment(), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def evolved(demo: Path, name: str = "one", evaluations: int = 1) -> adrs.Run:
    return adrs.evolve(demo, max_evaluations=evaluations, seed=2, name=name, runs_dir=demo.parent / "runs", workers=1)


@pytest.mark.slow
def test_the_examples_of_the_page_run(demo: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "python-api.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5
    printed = script("\n".join(blocks), tmp_path)
    assert "runs/first" in printed
    assert "after 1 evaluations: program 1, score 0.0" in printed
    assert "\nrequest\n" in printed
    assert "error uniform-1000: ZeroDivisionError" in printed
    assert "run mine has no program 1000" in printed
    assert command("lineage", "mine", cwd=tmp_path).stdout.count("longest job first") == 1
    assert adrs_json("replay", "mine", "--quiet", cwd=tmp_path)["identical"] is True


@pytest.mark.slow
def test_evolve_is_the_command_line_in_python(demo: Path, tmp_path: Path) -> None:
    run = evolved(demo, evaluations=15)
    outcome = adrs_json("run", str(demo), "--max-evaluations", "15", "--seed", "2", "--quiet", cwd=tmp_path)
    assert run.outcome is not None
    plain = run.outcome.plain()
    assert {**plain["winner"], "file": ""} == {**outcome["winner"], "file": ""}
    assert (run.name, run.problem, run.seed) == ("one", "demo", 2)
    assert (run.path / "winner.py").read_text() == run.winner_source
    with Reader(tmp_path / "runs" / outcome["run"]) as reader:
        assert [program.digest for program in run.programs()] == [each.digest for each in reader.summaries()]
    steps = run.lineage()
    assert steps[0].parent is None
    assert steps[-1].program == run.best()


def test_programs_can_be_told_by_hand(demo: Path) -> None:
    with evolved(demo) as run:
        task = run.ask()
        assert task.parent.id == 1
        assert run.ask().ticket == task.ticket
        assert run.score(FAILING).verdict == "error"
        scored = {split: run.score(GREEDY.format(weight=1), split=split) for split in ("train", "validation", "test")}
        assert {found.split for found in scored.values()} == set(scored)
        assert all(found.score is not None and found.score > 0 for found in scored.values())
        with pytest.raises(adrs.UserError, match="has no tests workloads"):
            run.score(FAILING, split="tests")
        with pytest.raises(adrs.UserError, match="nobody works on run one"):
            adrs.Run.open(run.path).stop()
        assert len(run.programs()) == 1
        good = run.tell(GREEDY.format(weight=1), rationale="longest first")
        both = run.tell(GREEDY.format(weight=-1), parent=[good.id, 1])
        assert [(parent.id, parent.role) for parent in both.parents] == [(good.id, "parent"), (1, "crossover")]
        assert (good.verdict, good.proposer) == ("ok", "agent")
        assert run.best() == good
        with pytest.raises(adrs.UserError, match="no program 77"):
            run.tell(FAILING, parent=77)
        assert run.tell(FAILING).verdict == "error"  # a mistake leaves everything usable
    outcome = run.resume()
    assert outcome.choice.winner == good.id


def test_two_runs_of_one_process_see_each_others_programs(demo: Path) -> None:
    with evolved(demo) as one, adrs.Run.open(one.path) as two:
        one.tell(GREEDY.format(weight=1))
        assert two.tell(FAILING, parent=2).id == 3
        assert one.tell(GREEDY.format(weight=-1), parent=3).id == 4
        assert [program.id for program in two.programs()] == [1, 2, 3, 4]


@pytest.mark.slow
def test_everything_works_under_a_running_event_loop(demo: Path) -> None:
    async def notebook() -> None:
        run = evolved(demo, evaluations=5)
        assert run.tell(GREEDY.format(weight=1), parent=1).proposer == "agent"
        assert run.resume(max_evaluations=8).evaluations == 8
        run.close()

    asyncio.run(notebook())


def test_everything_works_outside_of_the_main_thread(demo: Path) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(evolved(demo, evaluations=5)))
    thread.start()
    thread.join()
    assert found[0].outcome.evaluations == 5


def test_a_program_that_forgets_to_close_ends_all_the_same(demo: Path, tmp_path: Path) -> None:
    printed = script(
        "import adrs\n"
        "run = adrs.evolve('demo', max_evaluations=1, name='left')\n"
        f"print(run.tell({GREEDY.format(weight=1)!r}).verdict, flush=True)\n",
        tmp_path,
    )
    assert printed == "ok\n"


@pytest.mark.slow
@pytest.mark.parametrize("running", [False, True])
def test_an_interrupt_ends_a_run_that_can_be_gone_on_with(demo: Path, tmp_path: Path, running: bool) -> None:
    call = "adrs.evolve('demo', max_evaluations=100000, name='cut')"
    text = f"import adrs, asyncio\nasync def main():\n    {call}\n"
    (tmp_path / "script.py").write_text(text + ("asyncio.run(main())\n" if running else f"{call}\n"))
    process = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, env={**environment(), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    folder = tmp_path / "runs" / "cut"
    while process.poll() is None:
        time.sleep(0.05)
        if (folder / "run.db").is_file():
            try:
                with Reader(folder) as reader:
                    if reader.count() > 10:
                        break
            except adrs.UserError:
                continue
    process.send_signal(signal.SIGINT)
    process.wait(60)
    with Reader(folder) as reader:
        count = reader.count()
        evaluations = reader.evaluations()
    outcome = adrs.Run.open(folder).resume(max_evaluations=evaluations + 20)
    assert outcome.evaluations == evaluations + 20
    assert len(adrs.Run.open(folder).programs()) > count


def test_mistakes_are_user_errors(demo: Path, tmp_path: Path) -> None:
    with pytest.raises(adrs.UserError, match="no runs"):
        adrs.Run.open("nothing", runs_dir=tmp_path / "runs")
    with pytest.raises(adrs.UserError, match="max_time"):
        adrs.evolve(demo, max_time=-1)
    with pytest.raises(adrs.UserError, match="not a duration"):
        adrs.evolve(demo, max_time="soon")
    with pytest.raises(adrs.UserError, match="does not exist"):
        adrs.evolve(tmp_path / "elsewhere")
    with pytest.raises(AttributeError, match="no attribute"):
        adrs.evolution  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"models": "gpt-5"}, "models must be a list of texts, not 'gpt-5'"),
        ({"prices": [0.2]}, "prices must be a list of texts"),
        ({"proposers": ["mutation"]}, r"proposers must be a text, not \['mutation'\]"),
        ({"max_evaluations": "5"}, "max-evaluations must be a whole number from 1, not '5'"),
        ({"max_evaluations": 2.5}, "max-evaluations must be a whole number from 1, not 2.5"),
        ({"max_evaluations": True}, "max-evaluations must be a whole number from 1, not True"),
        ({"workers": 0}, "workers must be a whole number from 1, not 0"),
        ({"workers": 9999}, "9999 workers are more than this machine has a use for"),
        ({"workers": "2"}, "workers must be a whole number from 1, not '2'"),
        ({"window": 0}, "window must be a whole number from 1, not 0"),
        ({"max_usd": "1"}, "max-usd must be a number from 0, not '1'"),
        ({"max_time": [1]}, "max_time must be seconds above 0"),
        ({"order": "arival"}, 'order must be "ticket" or "arrival", not \'arival\''),
        ({"workloads": "all"}, 'workloads must be "standard" or "published", not \'all\''),
    ],
)
def test_arguments_of_a_wrong_kind_are_user_errors_and_begin_nothing(
    demo: Path, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(adrs.UserError, match=said):
        adrs.evolve(demo, **{"max_evaluations": 1, "runs_dir": demo.parent / "runs", **arguments})
    assert not (demo.parent / "runs").exists()


def test_importing_adrs_is_cheap(tmp_path: Path) -> None:
    loaded = script("import sys\nimport adrs\nprint(*sys.modules)\n", tmp_path).split()
    assert not {"numpy", "numba", "rich", "typer", "asyncio", "sqlite3", "adrs.api"} & set(loaded)
    helped = script("import sys\nsys.argv = ['adrs', '--help']\nimport atexit\n"
                    "atexit.register(lambda: print(*sys.modules, file=open('loaded', 'w')))\n"
                    "import adrs.cli\nadrs.cli.main()\n", tmp_path)  # fmt: skip
    assert "ask" in helped
    heavy = {"numpy", "numba", "libcst", "openai", "mcp", "adrs.session", "adrs.api"}
    assert not heavy & set((tmp_path / "loaded").read_text().split())
