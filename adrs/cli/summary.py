"""The table a session ends with."""

import shlex
from collections.abc import Mapping, Sequence

from rich.console import Console

from adrs.advice import more_to_try
from adrs.breaker import EVALUATOR_FAILS, NOTHING_NEW
from adrs.choose import SEED_PROGRAM
from adrs.cli.output import console, gain, metric, number, print_trust, safe, table, trust_mark
from adrs.folders import problem_reference
from adrs.lineage.gains import ModelGain, OperatorGain
from adrs.lineage.standing import Lead
from adrs.outcome import Outcome
from adrs.program import SPLITS, Evaluation, Split
from adrs.run import REFUSED
from adrs.text import dollars, run_in_command

_USED_UP = ("evaluations", "max-usd", "max-tokens")
"""Ends after which there is nothing to be done within the budget."""
_RECHECK_SPLITS: tuple[Split, ...] = ("train", "validation", "fresh")


def print_outcome(
    outcome: Outcome, gains: Sequence[OperatorGain], models: Sequence[ModelGain], leads: Mapping[str, Lead]
) -> None:
    """Seed, baselines and winner on train, validation and test, what made the winner, and where it lies."""
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
    _print_missing(out, outcome)
    _print_baselines_left_out(out, outcome)
    _print_gaps(out, outcome, leads)
    print_operators(gains)
    _print_models(out, models)
    verdicts = ", ".join(f"{count} {name}" for name, count in outcome.verdicts.items() if name != "rejected")
    rejected = outcome.verdicts.get("rejected", 0)
    more = f", {rejected} more programs rejected without one" if rejected else ""
    out.print(f"run      {outcome.run}: {outcome.evaluations} evaluations ({verdicts}){more}", soft_wrap=True)
    times = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in outcome.phases.items())
    out.print(f"time     {times}", soft_wrap=True)
    if outcome.spend["calls"]:
        spend = outcome.spend
        tokens = f"{spend['input_tokens']:.0f} + {spend['output_tokens']:.0f} tokens"
        cost = f"${spend['usd']:.4f}" if spend["usd"] else "$0 at the prices that are known"
        out.print(f"models   {spend['calls']:.0f} calls, {tokens} read and written, {cost}")
    for warning in outcome.warnings:
        out.print(f"warning  {safe(warning)}", soft_wrap=True)
    if len(outcome.choice.alike) > 1:
        best = outcome.choice.alike[0]
        out.print(f"chosen   the smallest of {len(outcome.choice.alike)} programs that validation cannot tell apart "
                  f"(95 % of paired resamples); the best there is #{best}", soft_wrap=True)  # fmt: skip
    out.print(f"stopped  {_why(outcome)}", soft_wrap=True)
    if outcome.difference is not None:
        out.print(f"replay   [red]differs[/]: {outcome.difference}")
    elif outcome.stopped_by == "replayed":
        out.print("replay   [green]identical[/]: the same programs with the same scores")
        _print_metrics_that_differ(out, outcome.extra.get("metrics_that_differ", {}))
    if outcome.winner_file is not None:
        out.print(f"winner   {outcome.winner_file}", soft_wrap=True)
        out.print(f"lineage  adrs lineage {run_in_command(outcome.path)} {outcome.choice.winner}", soft_wrap=True)


def _print_metrics_that_differ(out: Console, counts: Mapping[str, int]) -> None:
    if counts:
        each = ", ".join(f"{safe(name)} ({count})" for name, count in counts.items())
        out.print(f"         metrics that decided nothing differ, in so many programs: {each}", soft_wrap=True)


def print_nothing_new(outcome: Outcome) -> None:
    """What there is to say of a session that did nothing, for want of something to do or in spite of it."""
    out = console()
    what, why = "has nothing left to do" if outcome.stopped_by in _USED_UP else "got nothing new done", _why(outcome)
    if outcome.stopped_by == "time":
        more = f"`adrs resume {run_in_command(outcome.path)} --max-time 10m` gives more"
        why = f"the time of its budget was over before anything could begin; {more}"
    out.print(f"run      {outcome.run} {what}: {why}", soft_wrap=True)
    if outcome.choice.winner is not None:
        report = f"adrs report {run_in_command(outcome.path)}"
        out.print(f"winner   program {outcome.choice.winner}, {outcome.winner_file}; `{report}` has all of it",
                  soft_wrap=True)  # fmt: skip


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


def _print_missing(out: Console, outcome: Outcome) -> None:
    """Why there is no score, or a dash in the winner's row."""
    splits: tuple[Split, ...] = ("validation", "test")
    for split in SPLITS:
        why = outcome.calibration.why_no_score(split)
        if why:
            out.print(f"{split:<8} no score: {why}", soft_wrap=True)
    for split in splits:
        reason = outcome.choice.why_not.get(split)
        if reason and outcome.choice.winner is not None:
            out.print(f"{split:<8} not measured: {reason}{_how_to_measure(outcome, split)}", soft_wrap=True)


def _print_baselines_left_out(out: Console, outcome: Outcome) -> None:
    """Those that there was no time for, which have dashes in the table, or no row."""
    left = outcome.baselines_left_out()
    whole = [split for split in SPLITS if outcome.problem.workloads[split]]
    names = [name if missing == whole else f"{name} ({', '.join(missing)})" for name, missing in left.items()]
    if names:
        said = f"not measured, since the session ended before: {', '.join(map(safe, names))}"
        how = f"`adrs problem {shlex.quote(problem_reference(outcome.problem))} --measure`"
        out.print(f"beside   {said}; {how} does it, with --split for others than train", soft_wrap=True)


def _how_to_measure(outcome: Outcome, split: Split) -> str:
    if not outcome.problem.workloads[split] or outcome.winner_file is None:
        return ""
    files = shlex.join([problem_reference(outcome.problem), str(outcome.winner_file)])
    return f"; `adrs evaluate {files} --split {split}` does it"


def _print_gaps(out: Console, outcome: Outcome, leads: Mapping[str, Lead]) -> None:
    """What is lost from train to test, what is left there of the lead over the best baseline, and how the best few did
    on workloads like train's that nothing has seen."""
    choice = outcome.choice
    if choice.winner is None:
        return
    train, test = choice.of(choice.winner, "train"), choice.of(choice.winner, "test")
    if train is not None and test is not None and train.score is not None and test.score is not None:
        out.print(f"gap      {test.score - train.score:+.1f} points from train to test, each on its own scale")
    if leads:
        each = "; ".join(f"{lead} on {split}" for split, lead in leads.items())
        out.print(f"lead     {safe(each)}", soft_wrap=True)
    if choice.why_not.get("fresh"):
        out.print(f"fresh    not checked for over-fitting on fresh workloads: {choice.why_not['fresh']}",
                  soft_wrap=True)  # fmt: skip
        return
    rows, scaled = [], False
    for number_ in choice.rechecked:
        measured = {split: choice.of(number_, split) for split in _RECHECK_SPLITS}
        if measured["fresh"] is not None:
            who = f"program {number_}" + (" (winner)" if number_ == choice.winner else "")
            scaled = scaled or measured["fresh"].score is not None
            rows.append([f"  {who}", *(_recheck_cell(outcome, each) for each in measured.values())])
    if rows:
        ends = "; 0 and 100 are the baselines on those" if scaled else ""
        what = "the best few on workloads like train's, with seeds that nothing has seen"
        out.print(f"fresh    {what}{ends}:", soft_wrap=True)
        out.print(table(["", *(f">{split}" for split in _RECHECK_SPLITS)], rows))


def _recheck_cell(outcome: Outcome, evaluation: Evaluation | None) -> str:
    """Score, where there is a scale, and metric; or how it failed."""
    if evaluation is None:
        return "–"
    if evaluation.verdict != "ok":
        return evaluation.verdict
    if evaluation.score is not None:
        return f"{number(evaluation.score)}  {metric(evaluation.metrics.get(outcome.problem.objective.metric))}"
    return metric(evaluation.metrics.get(outcome.problem.objective.metric))


def _why(outcome: Outcome) -> str:
    resume = f"adrs resume {run_in_command(outcome.path)}"
    return {
        "evaluations": _all_done(outcome, resume),
        "time": f"the time of the budget is over; `{resume} --max-time 10m` goes on",
        "max-usd": _no_call_covered(outcome, resume, "dollars"),
        "max-tokens": _no_call_covered(outcome, resume, "tokens"),
        "interrupt": f"interrupted; `{resume}` goes on",
        "replayed": "the record is replayed",
    }.get(outcome.stopped_by, _in_words(outcome, resume))  # fmt: skip


def _in_words(outcome: Outcome, resume: str) -> str:
    """Another end, such as the breaker's, and what helps where it found nothing new."""
    if outcome.stopped_by.startswith(REFUSED):
        return f"{safe(outcome.stopped_by.removeprefix(REFUSED))}; then `{resume}` goes on"
    if EVALUATOR_FAILS in outcome.stopped_by:
        return f"{safe(outcome.stopped_by)}; once that is mended, `{resume}` goes on"
    if NOTHING_NEW not in outcome.stopped_by:
        return safe(outcome.stopped_by)
    helps = [*more_to_try(outcome.problem, outcome.spend["calls"] > 0), "other --proposers"]
    return f"{safe(outcome.stopped_by)}; what may help: {', '.join(helps)}"


def _no_call_covered(outcome: Outcome, resume: str, of: str) -> str:
    """What is left of the budget of models' calls, and what lets them go on."""
    more = (
        f"`{resume} --{outcome.stopped_by}` with more of them goes on; a lower --max-output-tokens makes calls smaller"
    )
    return f"the {of} of the budget do not cover another call: {outcome.exhausted}; {more}"


def _all_done(outcome: Outcome, resume: str) -> str:
    """That the budget of evaluations is used up, or was before the session began."""
    asked, time = outcome.budget.evaluations, "" if outcome.budget.seconds is None else " --max-time 10m"
    done = "all evaluations of the budget are done"
    if asked is not None and asked < outcome.evaluations:
        done = f"{outcome.evaluations} evaluations are done, and the total asked for is {asked}"
    return f"{done}; `{resume} --max-evaluations {2 * outcome.evaluations}{time}` goes on"


def print_operators(gains: Sequence[OperatorGain], program: str = "the winner") -> None:
    """What the operators of a run gained, all in all and on the way to a program."""
    rows = [
        [f"{safe(each.proposer)}/{safe(each.operator)}", str(each.programs), str(each.improvements), gain(each.gained),
         str(each.in_winner), gain(each.gained_in_winner)]
        for each in gains if each.operator
    ]  # fmt: skip
    if rows:
        columns = ["operator", ">programs", ">new bests", ">gained", ">steps", ">gained there"]
        out = console()
        out.print(table(columns, rows, title=f"operators of the run, and steps on the way to {program}"))
        told = "gained: added to the best so far; gained there: by those steps over what they were made from"
        out.print(f"[dim]{told}[/]", soft_wrap=True)


def _print_models(out: Console, models: Sequence[ModelGain]) -> None:
    """What each model gained, and what for."""
    rows = [
        [safe(each.model), str(each.programs), str(each.better_than_parent), str(each.improvements), gain(each.gained),
         dollars(each.usd)]
        for each in models
    ]  # fmt: skip
    if rows:
        columns = ["model", ">programs", ">better than parent", ">new bests", ">gained", ">dollars"]
        out.print(table(columns, rows))
