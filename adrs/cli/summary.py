"""The table a session ends with."""

from collections.abc import Mapping

from adrs.choose import SEED_PROGRAM
from adrs.cli.output import console, metric, number, print_trust, table, trust_mark
from adrs.outcome import Outcome
from adrs.program import SPLITS, Evaluation, Split


def print_outcome(outcome: Outcome) -> None:
    """Seed, baselines and winner on train, validation and test, and where the winner lies."""
    out = console()
    objective = outcome.problem.objective
    rows = [_row(outcome, "seed", outcome.of(SEED_PROGRAM))]
    for baseline in outcome.problem.baselines:
        measured = {split: outcome.calibration.evaluations.get((baseline.name, split)) for split in SPLITS}
        if any(measured.values()):
            rows.append(_row(outcome, f"{baseline.name} ({baseline.role})", measured))
    if outcome.choice.winner is not None:
        rows.append(_row(outcome, f"winner: program {outcome.choice.winner}", outcome.of(outcome.choice.winner)))
    columns = ["", *(column for split in SPLITS for column in (f">{split}", ">"))]
    out.print()
    scaled = outcome.problem.baseline("state-of-the-art") is not None
    title = f"score (0 = trivial, 100 = state-of-the-art) and {objective.metric}" if scaled else objective.metric
    out.print(table(columns, rows, title=f"{title}{trust_mark(outcome.problem.trust)}"))
    out.print()
    print_trust(out, outcome.problem.trust)
    gap = _gap(outcome)
    if gap is not None:
        out.print(f"gap      {gap:+.1f} points from train to test")
    verdicts = ", ".join(f"{count} {name}" for name, count in outcome.verdicts.items())
    seconds = outcome.spend["seconds"]
    out.print(f"run      {outcome.run}: {outcome.evaluations} evaluations in {seconds:.0f} s ({verdicts})")
    if outcome.spend["calls"]:
        spend = outcome.spend
        tokens = f"{spend['input_tokens']:.0f} + {spend['output_tokens']:.0f} tokens"
        cost = f"${spend['usd']:.4f}" if spend["usd"] else "no price known or asked"
        out.print(f"models   {spend['calls']:.0f} calls, {tokens} read and written, {cost}")
    out.print(f"stopped  {_why(outcome)}")
    if outcome.difference is not None:
        out.print(f"replay   [red]differs[/]: {outcome.difference}")
    elif outcome.stopped_by == "replayed":
        out.print("replay   [green]identical[/]: the same programs with the same scores")
    if outcome.winner_file is not None:
        out.print(f"winner   {outcome.winner_file}")
        out.print(f"lineage  adrs lineage {outcome.run} {outcome.choice.winner}")


def _row(outcome: Outcome, name: str, measured: Mapping[Split, Evaluation | None]) -> list[str]:
    cells = []
    for split in SPLITS:
        evaluation = measured.get(split)
        if evaluation is None:
            cells += ["–", ""]
            continue
        value = evaluation.metrics.get(outcome.problem.objective.metric)
        scale = outcome.calibration.scale(split)
        score = scale.total.score(value) if scale and scale.total and value is not None else None
        shown = metric(value) if evaluation.verdict == "ok" else evaluation.verdict
        cells += [f"[bold]{number(score)}[/]", shown] if score is not None else ["", shown]
    return [name, *cells]


def _gap(outcome: Outcome) -> float | None:
    measured = outcome.of(outcome.choice.winner)
    train, test = measured["train"], measured["test"]
    if train is None or test is None or train.score is None or test.score is None:
        return None
    return test.score - train.score


def _why(outcome: Outcome) -> str:
    return {
        "evaluations": "all evaluations of the budget are done",
        "time": "the time of the budget is over",
        "max-usd": "the dollars of the budget do not cover another call",
        "max-tokens": "the tokens of the budget do not cover another call",
        "interrupt": f"interrupted; `adrs resume {outcome.run}` goes on",
        "replayed": "the record is replayed",
    }.get(outcome.stopped_by, outcome.stopped_by)
