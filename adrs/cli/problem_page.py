"""One problem as a page of text, and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from adrs import resources
from adrs.calibrate import Calibration
from adrs.cli.output import console, metric, number, print_in_blocks, safe, table, trust_mark
from adrs.interface import Type, ValueType
from adrs.problem import Baseline, Problem
from adrs.program import SPLITS, Split


def page(problem: Problem, calibration: Calibration, split: Split = "train", reference: str = "") -> dict[str, Any]:
    """Everything that is shown, as plain data; baselines with the scores that are known on a split.

    reference: how the user named the problem.
    """
    return {
        "split": split, "reference": reference or problem.name,
        "name": problem.name, "title": problem.title, "source": problem.source, "path": str(problem.folder),
        "trust": problem.trust, "language": problem.language,
        "what": problem.decide.what, "why": problem.decide.why, "rules": list(problem.decide.rules),
        "pitfalls": list(problem.decide.pitfalls), "shape": problem.shape,
        "functions": {
            name: {
                "doc": function.doc, "signature": function.signature(), "returns": _type(function.returns),
                "arguments": {key: _type(kind) for key, kind in function.arguments.items()},
            }
            for name, function in problem.functions.items()
        },
        "objective": {"metric": problem.objective.metric, "direction": problem.objective.direction,
                      "unit": problem.objective.unit},
        "imports": list(problem.limits.imports) if problem.trust == "line" else None,  # None: not restricted
        "limits": {"decision_seconds": problem.limits.decision_seconds, "memory_mb": problem.limits.memory_mb},
        "workloads": {split: [spec.name for spec in problem.workloads[split]] for split in SPLITS},
        "missing": list(problem.missing),
        "no_score": calibration.why_no_score(split),
        "baselines": [_baseline(calibration, baseline, split) for baseline in problem.baselines],
        "cheats": [cheat.name for cheat in problem.cheats],
    }  # fmt: skip


def _baseline(calibration: Calibration, baseline: Baseline, split: Split) -> dict[str, Any]:
    file = f"native:{baseline.native}" if baseline.native else str(baseline.path)
    shown = {"name": baseline.name, "role": baseline.role, "file": file}
    evaluation = calibration.evaluations.get((baseline.name, split))
    if evaluation is None:
        return shown
    return {**shown, "verdict": evaluation.verdict, "score": calibration.score(baseline, split),
            "metrics": dict(evaluation.metrics), "cpu_seconds": evaluation.cpu_seconds,
            "workloads": {result.name: dict(result.metrics) for result in evaluation.workloads}}  # fmt: skip


def _type(kind: Type) -> Any:
    if isinstance(kind, ValueType):
        return f"{kind}, {kind.note}" if kind.note else str(kind)
    if isinstance(kind, tuple):
        return [_type(field) for field in kind]
    return {name: _type(field) for name, field in kind.items()}


def print_page(problem: Problem, shown: dict[str, Any]) -> None:
    """Print the page."""
    out = console()
    out.print(f"[bold]{safe(problem.title)}[/]  ({problem.name}){trust_mark(problem.trust)}")
    for line in (problem.source, "", problem.decide.what, problem.decide.why):
        out.print(safe(line))
    for name, lines in (("rules", problem.decide.rules), ("pitfalls", problem.decide.pitfalls)):
        if lines:
            out.print(f"\n[bold]{name}[/]")
            for line in lines:
                out.print(f"  - {safe(line)}")
    out.print("\n[bold]interface[/]")
    if problem.trust == "shared":
        out.print(f"  {safe(problem.evaluator)} is given the path of the program, a file of {safe(problem.language)}")
    for function in problem.functions.values():
        out.print(f"  {function.signature()}  {'(optional) ' if function.optional else ''}{safe(function.doc)}")
        for key, kind in shown["functions"][function.name]["arguments"].items():
            fields = kind.items() if isinstance(kind, dict) else [("", kind)]
            for field, text in fields:
                out.print(f"    {key}{f'[{field!r}]' if field else ''}: {safe(text)}".replace("['", "\\['"))
        returns = shown["functions"][function.name]["returns"]
        for text in returns if isinstance(returns, list) else [returns]:
            out.print(f"    -> {safe(str(text))}")
    imports = f"the standard library and {', '.join(problem.limits.imports) or 'nothing'}"
    if problem.trust == "shared":
        imports = "whatever is installed"
    out.print(f"  imports: {imports}; {problem.limits.decision_seconds:g} s a call, {problem.limits.memory_mb} MB")
    objective = problem.objective
    out.print(f"\n[bold]objective[/]  {objective.direction} {objective.metric} {objective.unit}")
    for name, text in objective.metrics.items():
        out.print(f"  {safe(name)}: {safe(text)}")
    out.print("\n[bold]workloads[/]")
    for split in SPLITS:
        out.print(f"  {split}: {', '.join(shown['workloads'][split]) or 'none'}")
    if problem.missing:
        out.print(f"  left out, no data file in {safe(str(resources.data_folder()))} (ADRS_DATA names another folder): "
                  f"{safe(', '.join(problem.missing))}")  # fmt: skip
    out.print(f"\n[bold]baselines[/] on {shown['split']}")
    rows = [[f"  {each['name']}", each["role"], number(each.get("score")),
             metric(each.get("metrics", {}).get(objective.metric)), each.get("verdict", "")]
            for each in shown["baselines"]]  # fmt: skip
    out.print(table(["  name", "role", ">score", f">{objective.metric}", ""], rows))
    _print_without(out, objective.metric, shown["baselines"])
    if shown["no_score"]:
        out.print(f"  no score: {shown['no_score']}", soft_wrap=True)
    _print_how_to_measure(out, problem, shown)


def _print_without(out: Console, name: str, baselines: Sequence[dict[str, Any]]) -> None:
    """Another metric of the workloads that lack the objective's, which the table above is thus not about."""
    measured = {each["name"]: each["workloads"] for each in baselines if each.get("workloads")}
    others = {workload: next(iter(metrics)) for workloads in measured.values()
              for workload, metrics in workloads.items() if metrics and name not in metrics}  # fmt: skip
    if not others:
        return
    most = max(map(len, measured.values()))
    out.print(f"\n  {name} is that of {most - len(others)} of {most} workloads; the others have none of it")
    rows = [[f"  {each}", *(metric(workloads.get(workload, {}).get(kind)) for workload, kind in others.items())]
            for each, workloads in measured.items()]  # fmt: skip
    print_in_blocks(out, ["  name", *(f">{kind} of {safe(workload)}" for workload, kind in others.items())], rows)


def _print_how_to_measure(out: Console, problem: Problem, shown: dict[str, Any]) -> None:
    """Which command fills the table, and which makes the same one of the published data."""
    unmeasured = [each for each in shown["baselines"] if "verdict" not in each]
    command = f"adrs problem {safe(shown['reference'])} --measure" + (
        "" if shown["split"] == "train" else f" --split {shown['split']}"
    )
    if unmeasured:
        some = "none is measured yet" if len(unmeasured) == len(shown["baselines"]) else "some are not measured yet"
        out.print(f"  {some}: `{command}` evaluates them all, which may take minutes", soft_wrap=True)
    if any(spec.family == "published" for specs in problem.workloads.values() for spec in specs):
        out.print(f"  on the published data: `{command} --workloads published`", soft_wrap=True)
