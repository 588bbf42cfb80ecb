"""Verbs about problems: problems, problem, new, check, evaluate."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from adrs import cores
from adrs.cli.runs import Json, SandboxName, Workers
from adrs.errors import UserError, did_you_mean

ProblemName = Annotated[str, typer.Argument(help="A shipped problem's name, or the path of a problem's folder.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("problems")(problems)
    app.command("problem")(show_problem)
    app.command("new")(new)
    app.command("check")(check)
    app.command("evaluate")(evaluate)


def problems(as_json: Json = False) -> None:
    """List the problems that come with adrs."""
    from adrs import problem
    from adrs.cli.output import console, print_json, table

    loaded = [problem.load(name) for name in problem.shipped()]
    if as_json:
        print_json([{"name": p.name, "title": p.title, "shape": p.shape, "metric": p.objective.metric,
                     "direction": p.objective.direction, "path": str(p.folder)} for p in loaded])  # fmt: skip
        return
    rows = [[p.name, p.title, f"{p.objective.direction} {p.objective.metric}"] for p in loaded]
    console().print(table(["name", "what is decided", "objective"], rows))


def show_problem(
    name: ProblemName,
    measure: Annotated[bool, typer.Option("--measure", help="Evaluate all baselines now, heuristics too.")] = False,
    workloads: Annotated[
        str, typer.Option("--workloads", help="standard, or published: real data where it is there.")
    ] = "standard",
    split: Annotated[str, typer.Option("--split", help="What to measure on: train, validation or test.")] = "train",
    sandbox: SandboxName = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Show one problem: what is decided, the interface, workloads, baselines."""
    from adrs import problem
    from adrs.calibrate import remembered
    from adrs.cli.output import print_json
    from adrs.cli.problem_page import page, print_page
    from adrs.program import SPLITS

    if split not in SPLITS:
        raise UserError(f'--split "{split}"{did_you_mean(split, SPLITS)}')
    if workloads not in ("standard", "published"):
        raise UserError(f'--workloads "{workloads}"{did_you_mean(workloads, ["standard", "published"])}')
    loaded = problem.load(name)
    if workloads == "published":
        if any(spec.family == "published" for specs in loaded.workloads.values() for spec in specs):
            loaded = problem.load(name, workloads)
        else:
            print(f"{name} has no published workloads here, so the shipped generators stand in", file=sys.stderr)
    if measure and not loaded.workloads[split]:
        raise UserError(f"problem {loaded.name} has no {split} workloads")
    shown = page(loaded, _measure(loaded, split, sandbox, workers) if measure else remembered(loaded), split, name)
    if as_json:
        print_json(shown)
    else:
        print_page(loaded, shown)


def _measure(loaded: Any, split: Any, sandbox: str | None, workers: int | None) -> Any:
    import asyncio

    from adrs import plugins
    from adrs.calibrate import calibrate

    async def measured() -> Any:
        executor = plugins.load("executor", "local")(loaded, cores.workers(workers), sandbox)
        try:
            await executor.start()
            return await calibrate(loaded, executor, [split], ("trivial", "heuristic", "state-of-the-art"))
        finally:
            await executor.close()

    return asyncio.run(measured())


def new(
    name: Annotated[str, typer.Argument(help="Name, or path, of the new problem's folder.")],
    from_openevolve: Annotated[
        Path | None,
        typer.Option("--from-openevolve", help="A folder with evaluator.py, initial_program and config.yaml."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a small problem that runs at once, to be changed into your own; or import one of OpenEvolve's form."""
    from adrs import resources, scaffold
    from adrs.cli.output import print_json

    folder = Path(name)
    notes = scaffold.import_openevolve(folder, from_openevolve) if from_openevolve is not None else []
    files = scaffold.make(folder) if from_openevolve is None else scaffold.files(folder)
    if as_json:
        print_json({"path": str(folder), "files": [str(path) for path in files], "notes": notes})
        return
    for note in notes:
        print(note)
    print(f"made {folder} with {len(files)} files; {folder}/README.md says what to change")
    place = folder if folder.is_absolute() else f"./{folder}"
    options = "--max-time 30s" if from_openevolve is None else f"--config {folder}/run.toml"
    print(f"try:  adrs check {place}\n      adrs run {place} {options}")
    print(f"read: {resources.folder('docs')}/problems.md")


def check(name: ProblemName, sandbox: SandboxName = None, workers: Workers = None, as_json: Json = False) -> None:
    """Test a problem: baselines, comparisons, seed, blocks, nonsense, loops, cheats. Exit code 1 if one fails."""
    from adrs import problem
    from adrs.check import Finding
    from adrs.check import check as run_checks
    from adrs.cli.output import console, print_json, safe

    loaded = problem.load(name)
    out, aside = console(), console(stderr=True)

    def report(finding: Finding) -> None:
        if not as_json:
            mark = "[yellow]skip[/]" if finding.skipped else "[green]ok  [/]" if finding.ok else "[red]FAIL[/]"
            out.print(f"{mark} [bold]{safe(finding.name)}[/]  {safe(finding.detail)}", soft_wrap=True)

    def note(text: str) -> None:
        aside.print(safe(text), soft_wrap=True)

    findings = run_checks(loaded, sandbox, cores.workers(workers), report, note)
    good = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": good, "checks": [finding.plain() for finding in findings]})
    if not good:
        raise typer.Exit(1)


def evaluate(
    name: ProblemName,
    file: Annotated[
        str, typer.Argument(help="A program: one Python file; or native:NAME, an algorithm of the evaluator's own.")
    ],
    split: Annotated[str, typer.Option("--split", help="train, validation or test.")] = "train",
    details: Annotated[
        Path | None,
        typer.Option(
            "--details",
            metavar="FILE",
            help="Write what was measured on each instance, such as a link, as JSON Lines.",
        ),
    ] = None,
    sandbox: SandboxName = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Score one program on a split, workload by workload. The verdict is the answer; the exit code is 0."""
    from adrs import problem
    from adrs.assess import assess, read_program, write_details
    from adrs.baselines import NATIVE
    from adrs.cli.output import console, folded, print_json, print_trust, safe, verdict
    from adrs.program import SPLITS, Job

    known = next((each for each in SPLITS if each == split), None)
    if known is None:
        raise UserError(f'--split "{split}"{did_you_mean(split, SPLITS)}')
    loaded = problem.load(name)
    native = file.removeprefix(NATIVE) if file.startswith(NATIVE) else ""
    source = "" if native else read_program(Path(file))
    found = assess(
        loaded, Job(source, known, native=native, details=details is not None), sandbox, cores.workers(workers)
    )
    if details is not None and found.verdict == "ok":
        write_details(found, details)
    if as_json:
        print_json({
            "verdict": found.verdict, "reason": found.reason, "score": found.score, "trust": loaded.trust,
            "metrics": dict(found.metrics),
            "workloads": [{"name": r.name, "verdict": r.verdict, "score": r.score, "metrics": dict(r.metrics)}
                          for r in found.workloads],
            "seconds": found.wall_seconds, "cpu_seconds": found.cpu_seconds,
            "peak_memory_mb": found.peak_memory_mb, "sandbox": found.sandbox,
        })  # fmt: skip
        return
    out = console()
    out.print(f"verdict  {verdict(found.verdict)}  {safe(found.reason)}", soft_wrap=True)
    if found.score is not None:
        out.print(f"score    [bold]{found.score:.2f}[/] on {split} (0 = trivial, 100 = state-of-the-art)")
    print_trust(out, loaded.trust)
    for key, value in folded(found.metrics).items():
        out.print(f"         {safe(key)} {safe(value)}")
    _print_workloads(out, found.workloads)
    for result in found.workloads if loaded.trust == "shared" else ():
        if result.feedback:
            out.print(f"feedback {safe(result.feedback)}", soft_wrap=True)
    process = (
        f"{found.cpu_seconds:.2f} s of CPU, {found.peak_memory_mb:.0f} MB, sandbox {found.sandbox or 'not needed'}"
    )
    out.print(f"cost     {found.wall_seconds:.2f} s, {'within the evaluator' if native else process}")
    if found.output:
        out.print(f"output\n{safe(found.output)}", soft_wrap=True)


def _print_workloads(out: Any, workloads: Any) -> None:
    """A row for each workload, or for each metric where there are more of those; ends of intervals are left out."""
    from adrs.cli.output import folded, metric, number, print_in_blocks, safe, verdict

    if not workloads:
        return
    names = list(dict.fromkeys(name for result in workloads for name in folded(result.metrics)))
    columns = [
        ["workload", "verdict", ">score", *(f">{safe(name)}" for name in names)],
        *([safe(r.name), verdict(r.verdict), number(r.score), *(metric(r.metrics.get(name)) for name in names)]
          for r in workloads),
    ]  # fmt: skip
    if len(names) <= len(workloads):
        print_in_blocks(out, columns[0], columns[1:])
        return
    head, *rows = zip(*([name.removeprefix(">") for name in columns[0]], *columns[1:]), strict=True)
    print_in_blocks(out, [head[0], *(f">{name}" for name in head[1:])], rows)
