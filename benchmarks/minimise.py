"""Makes winners of short runs smaller: nodes before and after, scores, candidates, evaluations, seconds.

    python benchmarks/minimise.py [PROBLEM ...] [--evaluations 40] [--budget 3m] [--seed 1] [--mode preserve]
                                  [--folder FOLDER] [--workers 2]

A problem's winner is that of FOLDER/PROBLEM/winner.py where there is one; else a run is made there first. PROBLEM:BLOCK
takes a building block with its holes drawn from the seed instead, as runs fill them. The demonstration program of the
tests stands for itself under the name `demonstration`.
"""

import argparse
import json
import random
from pathlib import Path

from durations import duration

import adrs
from adrs.distill import place
from adrs.distill.observer import Nobody
from adrs.distill.session import of_file
from adrs.distill.work import Wish
from adrs.problem import load
from adrs.propose.embedded.template import Template

PROBLEMS = ("demonstration", "congestion-control", "model-placement", "transaction-scheduling", "expert-placement",
            "query-routing", "budgeted-routing", "agent-step-routing", "agent-step-routing-trajectory")  # fmt: skip
DEMONSTRATION = Path(__file__).parent.parent / "tests" / "adrs" / "distill" / "programs" / "bloated.py"


def winner(problem: str, folder: Path, evaluations: int, seed: int) -> tuple[str, Path]:
    """The problem and the file of a winner."""
    if problem == "demonstration":
        return "congestion-control", DEMONSTRATION
    name, _, block = problem.partition(":")
    if block:
        template = Template(load(name).folder / "blocks" / f"{block}.py")
        file = folder / f"{name}-{block}.py"
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(template.render(template.draw(random.Random(seed))))
        return name, file
    file = folder / problem / "winner.py"
    if not file.is_file():
        adrs.evolve(problem, max_evaluations=evaluations, seed=seed, name=problem, runs_dir=folder)
    return problem, file


def main() -> None:
    """Print a line of JSON for each problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="*", default=PROBLEMS)
    parser.add_argument("--evaluations", type=int, default=40)
    parser.add_argument("--budget", type=duration, default="3m")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mode", choices=("preserve", "improve"), default="preserve")
    parser.add_argument("--folder", type=Path, default=Path("runs-minimise"))
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    for name in options.problems:
        problem, file = winner(name, options.folder, options.evaluations, options.seed)
        wish = Wish(options.mode, "minimise", options.budget, 0, options.workers)
        target = place.free(options.folder / f"{name.replace(':', '-')}-{options.mode}")
        done = of_file(problem, file, wish, None, target, Nobody())
        plain = done.plain()
        found = plain["minimal"] or plain["original"]
        tried = (target / "minimise.jsonl").read_text().splitlines()
        print(json.dumps({
            "problem": name, "nodes": [plain["original"]["nodes"], found["nodes"]],
            "score": [plain["original"]["score"], found["score"]], "candidates": len(tried),
            "evaluations": plain["evaluations"], "seconds": round(plain["seconds"], 1), "notes": plain["not_done"],
        }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
