"""Expressions in the place of the numbers by which programs choose: how alike their order is, and what they score.

    python benchmarks/priority.py [PROBLEM:PROGRAM ...] [--budget 3m] [--seed 1] [--folder FOLDER] [--workers 2]

PROGRAM is a building block, with its holes drawn from the seed as runs fill them, a baseline of the problem, or a file.
`model-placement:bloated` is the demonstration program of the tests.
"""

import argparse
import json
import random
from pathlib import Path

from durations import duration

from adrs.distill.observer import Nobody
from adrs.distill.session import of_file
from adrs.distill.work import Wish
from adrs.errors import UserError
from adrs.problem import load
from adrs.propose.embedded.template import Template

PROGRAMS = (
    "model-placement:bloated", "model-placement:greedy", "model-placement:packing", "model-placement:regret",
    "model-placement:prism_greedy", "transaction-scheduling:greedy", "transaction-scheduling:insertion",
    "expert-placement:greedy_lightest", "expert-placement:threshold_zigzag", "expert-placement:eplb_greedy",
)  # fmt: skip
BLOATED = Path(__file__).parent.parent / "tests" / "adrs" / "distill" / "programs" / "bloated_greedy.py"


def source(problem: str, program: str, seed: int) -> str:
    """Text of a program."""
    folder = load(problem).folder
    if program == "bloated":
        return BLOATED.read_text()
    if (folder / "blocks" / f"{program}.py").is_file():
        template = Template(folder / "blocks" / f"{program}.py")
        return template.render(template.draw(random.Random(seed)))
    baseline = folder / "baselines" / f"{program}.py"
    return (baseline if baseline.is_file() else Path(program)).read_text()


def main() -> None:
    """Print a line of JSON for each program, with a list for each expression that was scored."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", default=PROGRAMS)
    parser.add_argument("--budget", type=duration, default="3m")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("runs-priority"))
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.programs:
        problem, _, program = name.partition(":")
        stem = f"{problem}-{Path(program).stem}"
        file = options.folder / f"{stem}.py"
        file.write_text(source(problem, program, options.seed))
        wish = Wish("preserve", "expression", options.budget, 0, options.workers)
        said: dict[str, object] = {"program": name}
        try:
            plain = of_file(problem, file, wish, None, options.folder / stem, Nobody()).plain()
        except UserError as error:
            print(json.dumps({**said, "why_none": str(error)}), flush=True)
            continue
        shown = ("name", "nodes", "operations", "train", "validation", "test", "fidelity", "chosen")
        rows = [[row[each] for each in shown] for row in plain["rules"]
                if row["kind"] in ("original", "flat", "branched", "cart")]  # fmt: skip
        print(json.dumps({**said, "columns": shown, "rows": rows, "notes": plain["not_done"]}), flush=True)


if __name__ == "__main__":
    main()
