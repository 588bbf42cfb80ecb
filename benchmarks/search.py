"""How well strategies search: best-so-far over evaluations, on every shipped problem, with several seeds.

Every run is a run as a user makes it: real workers, real sandbox. Two controls are always in the table: `best-of-n`
(independent samples from the seed program) and `random` (mutation without selection). A finished run is kept as JSON;
a second call does what is missing, and a call with more evaluations goes on with the runs that are there. Ctrl-C ends
it; the same call goes on. The table can be had at any time: it says which runs it lacks. With `--proposers mutation`
the programs come from the seed program alone: where building blocks bring every strategy near the ceiling at once,
that tells strategies apart. The runs of a problem in one folder all have the same proposers and limit of a call.

    python benchmarks/search.py run results/ [--evaluations 2000] [--seeds 5] [--problem NAME]... [--search NAME]...
                                             [--call-seconds S] [--proposers NAMES]
    python benchmarks/search.py table results/ [--evaluations N] [--plot search.svg]
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import search_plan
from search_plan import Trial
from search_progress import Progress

import adrs
from adrs import lineage, problem
from adrs.errors import UserError
from adrs.lineage import Curve
from adrs.outcome import Outcome
from adrs.store import Reader

CONTROLS = ("best-of-n", "random")
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Result:
    """One run that was made."""

    trial: Trial
    wanted: int
    """Evaluations that it was given; one that the breaker ended has fewer."""
    curve: Curve
    score: dict[str, float | None]
    """Of the winner, by split."""
    verdicts: dict[str, int]
    cpu_seconds: float
    stopped_by: str
    made_by: dict[str, Any]
    """Commit, date, machine and load."""

    @classmethod
    def read(cls, path: Path) -> "Result | None":
        """A result that was kept; None where there is none, or one that is damaged or of another version."""
        if not path.is_file():
            return None
        try:
            data = json.loads(path.read_text())
            return cls(**{**data, "trial": Trial(**data["trial"]), "curve": Curve.from_plain(data["curve"])})
        except (KeyError, TypeError, ValueError):
            return None

    def write(self, path: Path) -> None:
        """Keep the result, whole or not at all."""
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps({**asdict(self), "curve": self.curve.plain()}, indent=1))
        temporary.replace(path)


def trials(problems: list[str], strategies: list[str], seeds: int) -> Iterator[Trial]:
    """Seed by seed, so that a table made half-way compares like with like."""
    for seed in range(seeds):
        for name in problems:
            for search in strategies:
                yield Trial(name, search, seed)


def make(trial: Trial, options: argparse.Namespace) -> Result:
    """Make a run, or go on with it."""
    load = os.getloadavg()[0]
    with Progress(trial.name, options.evaluations) as progress:
        outcome = _outcome(trial, options, progress)
    with Reader(outcome.path) as reader:
        curve = lineage.told(reader)
    plain = outcome.plain()
    return Result(
        trial=trial, wanted=options.evaluations, curve=curve, score=(plain["winner"] or {}).get("score", {}),
        verdicts=plain["verdicts"], cpu_seconds=plain["spend"]["cpu_seconds"], stopped_by=outcome.stopped_by,
        made_by={**_made_by(), "load_before": load, "load_after": os.getloadavg()[0], "workers": options.workers,
                 **_settings(options)},
    )  # fmt: skip


def _outcome(trial: Trial, options: argparse.Namespace, progress: Progress) -> Outcome:
    runs = options.results / "runs"
    folder = runs / trial.name
    if folder.exists():
        try:
            Reader(folder).close()
        except UserError:
            shutil.rmtree(folder)  # cut off before its log was begun
        else:
            known = adrs.Run.open(folder, sandbox=options.sandbox)
            return known.resume(max_evaluations=options.evaluations, workers=options.workers, observer=progress)
    made = adrs.evolve(
        trial.problem, search=trial.search, seed=trial.seed, name=trial.name, runs_dir=runs, workers=options.workers,
        sandbox=options.sandbox, max_evaluations=options.evaluations, observer=progress, **_settings(options),
    )  # fmt: skip
    assert made.outcome is not None
    return made.outcome


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """What a result depends on, beside its trial and the evaluations."""
    return {"proposers": options.proposers, "call_seconds": options.call_seconds}


def _made_by() -> dict[str, Any]:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "adrs", "adrs_helpers", "evaluators", "problems")
    return {
        "commit": git("rev-parse", "--short", "HEAD") + ("+" if changed else ""),
        "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "machine": f"{len(os.sched_getaffinity(0))} {platform.machine()} cores, {platform.system()} "
                   f"{platform.release()}, Python {platform.python_version()}",
    }  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Make the runs that are missing."""
    problems = options.problem or problem.shipped()
    strategies = list(dict.fromkeys([*(options.search or ["adaptive"]), *CONTROLS]))
    results = options.results / "results"
    results.mkdir(parents=True, exist_ok=True)
    wanted = list(trials(problems, strategies, options.seeds))
    search_plan.add(options.results, wanted, options.evaluations, _settings(options))
    for number, trial in enumerate(wanted, 1):
        path = results / f"{trial.name}.json"
        known = Result.read(path)
        if known is not None and known.wanted >= options.evaluations:
            continue
        began = time.monotonic()
        done = search_plan.evaluations(options.results, trial)
        print(f"{number}/{len(wanted)} {trial.name}: {f'goes on from {done}' if done else 'begins'}, "
              f"{options.evaluations} evaluations wanted", flush=True)  # fmt: skip
        result = make(trial, options)
        if result.stopped_by in ("interrupt", "request"):
            sys.exit(f"{trial.name} was stopped after {result.curve.evaluations} evaluations; the same call goes on")
        result.write(path)
        score = result.score.get("train")
        print(f"{number}/{len(wanted)} {trial.name}: {'no score' if score is None else f'{score:.2f} on train'} after "
              f"{result.curve.evaluations} evaluations in {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip


def table(options: argparse.Namespace) -> None:
    """Print the table of the results that are there, and what is missing; write the plot and the figures."""
    import search_report

    read = {path.name: Result.read(path) for path in sorted((options.results / "results").glob("*.json"))}
    unreadable = [name for name, result in read.items() if result is None]
    if unreadable:
        print(f"left out, damaged or of another version: {', '.join(unreadable)}", file=sys.stderr)
    found = [result for result in read.values() if result is not None]
    evaluations = options.evaluations or max((each.wanted for each in found), default=0)
    chosen = search_report.scored([each for each in found if each.wanted >= evaluations])
    missing = search_plan.missing(options.results, {each.trial for each in chosen})
    if not chosen:
        there = ", ".join(str(count) for count in sorted({each.wanted for each in found}))
        which = f"with {evaluations} evaluations, only with {there}" if found else "yet"
        sys.exit("\n".join([f"{options.results} holds no result {which}", *missing]))
    summary = search_report.summarise(chosen, evaluations)
    print("\n".join([search_report.markdown(summary), *missing]))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in summary], indent=1))
    if options.plot:
        search_report.plot(chosen, evaluations, options.plot)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)

    def verb(name: str, does: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=does.__doc__)
        made.set_defaults(does=does)
        made.add_argument("results", type=Path, help="folder of runs and results")
        return made

    running = verb("run", run)
    running.add_argument("--evaluations", type=int, default=2000)
    running.add_argument("--seeds", type=int, default=5)
    running.add_argument("--problem", action="append", help="shipped problem; may be repeated [default: all]")
    running.add_argument("--search", action="append", help="strategy besides the controls; may be repeated")
    running.add_argument("--workers", type=int, default=1)
    running.add_argument("--sandbox")
    running.add_argument("--call-seconds", type=float, help="tighter limit of a candidate's call than the problem's")
    running.add_argument("--proposers", default="", help="instead of embedded; mutation is that without blocks")
    showing = verb("table", table)
    showing.add_argument("--evaluations", type=int, help="compare at so many [default: the most that a run was given]")
    showing.add_argument("--json", type=Path, help="write the figures to a file")
    showing.add_argument("--plot", type=Path, help="write a figure as .svg or .png; needs matplotlib")
    options = parser.parse_args()
    try:
        options.does(options)
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
