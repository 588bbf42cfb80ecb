"""Route (c): a rule becomes files in several languages, and each is checked against the rule."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks import closed_loop as loops
from adrs.distill.checks import compiler as compilers
from adrs.distill.checks.agreement import NAME as AGREEMENT
from adrs.distill.checks.agreement import Reference, agreement, interpreter_agreement, references
from adrs.distill.checks.build import build
from adrs.distill.checks.driver import CompiledRule, DriverEnded
from adrs.distill.checks.extremes import NAME as EXTREMES
from adrs.distill.checks.extremes import extremes
from adrs.distill.checks.formula import LatexRule, Unreadable
from adrs.distill.checks.interval import behaviour, intervals
from adrs.distill.checks.record import Check, failures, skipped
from adrs.distill.checks.rows import Trial, sequences
from adrs.distill.checks.rows import extremes as limits
from adrs.distill.checks.runners import PythonRule, Runner
from adrs.distill.export.c import Dialect, header, source
from adrs.distill.export.double import Double
from adrs.distill.export.fixed import Fixed, check_constants
from adrs.distill.export.latex import latex
from adrs.distill.export.outline import marked
from adrs.distill.export.python import python
from adrs.distill.export.targets import FILES, TARGETS, Target
from adrs.errors import UserError
from adrs.evaluation import WorkloadSpec
from adrs.problem import Problem
from adrs.program import Evaluation
from adrs.rule.file import rule_text
from adrs.rule.form import Rule, difference
from adrs.score import Scale

__all__ = [
    "DIALECTS", "Expected", "Exported", "Trial", "check", "check_closed_loop", "expected", "export", "mark",
]  # fmt: skip

NO_TIME = "the time was over; give more with --budget"
DIALECTS: Mapping[Target, Dialect] = {"c": Double(), "fixed": Fixed()}


@dataclass(frozen=True)
class Exported:
    """A rule and the files that were made of it."""

    rule: Rule
    folder: Path
    targets: tuple[Target, ...]
    """Those that were written."""
    checks: tuple[Check, ...]
    """What was proven before anything was written, and what was refused."""

    @property
    def files(self) -> list[Path]:
        """All files, rule.json first."""
        return [self.folder / "rule.json", *(self.folder / name for target in self.targets for name in FILES[target])]


def export(rule: Rule, problem: Problem, folder: Path, targets: Sequence[Target] = TARGETS, seed: int = 0) -> Exported:
    """Write the rule in all languages asked for. seed: of the distillation, which rule.json tells.

    Raises UserError where the rule is not one of this problem, or may divide by zero or overflow in its input box. What
    Q16.16 cannot hold is left out of the targets; a failed check says why.
    """
    if problem.distillation is None:
        raise UserError(f"{problem.name} has no table [distill], so no rule can stand for its policy")
    other = difference(rule.inputs, problem.distillation.inputs)
    if other:
        raise UserError(f"the rule was made for other features, ranges or ends than those of {problem.name}: {other}")
    rule = replace(rule, inputs=problem.distillation.inputs)  # with the problem's own words, should they have changed
    checks = [intervals(rule, False)]
    if checks[0].failed:
        raise UserError(f"the rule cannot be exported: {checks[0].detail}")
    checks.append(behaviour(rule))
    written = [target for target in TARGETS if target in targets]
    if "fixed" in written:
        checks.append(_fits(rule))
        if checks[-1].failed:
            written.remove("fixed")
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"rule.json": rule_text(rule, seed)}
    for target in written:
        texts |= _texts(rule, problem.distillation.function, target)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return Exported(rule, folder, tuple(written), tuple(checks))


def _fits(rule: Rule) -> Check:
    """Whether Q16.16 can hold all numbers of the rule."""
    try:
        check_constants(rule)
    except UserError as error:
        return Check("intervals", False, str(error), target="fixed")
    return intervals(rule, True)


def _texts(rule: Rule, function: str, target: Target) -> dict[str, str]:
    """Files of one target by name."""
    if target == "python":
        return {"rule.py": python(rule, function)}
    if target == "latex":
        return {"rule.tex": latex(rule)}
    dialect = DIALECTS[target]
    return {f"{dialect.prefix}.c": source(rule, dialect), f"{dialect.prefix}.h": header(rule, dialect)}


@dataclass(frozen=True)
class Expected:
    """What the interpreter says of the rows that exports are tried on."""

    references: list[Reference]
    limits: NDArray[np.float64]
    """Sequences float64[scenarios, intervals, features] of limits and rest."""


def expected(rule: Rule, trial: Trial | None = None) -> Expected:
    """Draw the rows and run the interpreter."""
    trial = trial or Trial()
    return Expected(references(rule, sequences(rule, trial), trial.seed), limits(rule))


def check(exported: Exported, expected: Expected, over: Callable[[], bool] = lambda: False) -> list[Check]:
    """Checks (i), (iii) and (v) of all targets, on the files as they are. Raises nothing for a wrong file.

    Targets whose turn comes when the time is over are skipped.
    """
    rule, compiler = exported.rule, compilers.find()
    checks = [interpreter_agreement(rule, expected.references)]
    for target in exported.targets:
        if target in ("c", "fixed"):
            checks.append(build(rule, exported.folder, target, compiler))
        if why := _cannot_run(target, compiler, over):
            checks += [skipped(name, why, target) for name in (AGREEMENT, EXTREMES)]
            continue
        try:
            with ExitStack() as stack:
                runner = _runner(exported, target, compiler, stack)
                checks.append(agreement(rule, expected.references, runner, target))
                checks.append(extremes(rule, expected.limits, runner, target))
        except (DriverEnded, Unreadable, compilers.CompileError) as error:
            checks.append(Check(AGREEMENT, False, str(error).splitlines()[0], target=target))
    return checks


def _cannot_run(target: Target, compiler: compilers.Compiler | None, over: Callable[[], bool]) -> str:
    """Why a target's file cannot be asked anything here; empty where it can."""
    if compiler is None and target in DIALECTS:
        return compilers.NO_COMPILER
    return NO_TIME if over() else ""


def _runner(exported: Exported, target: Target, compiler: compilers.Compiler | None, stack: ExitStack) -> Runner:
    """The target's file, ready to run. Raises Unreadable, CompileError and DriverEnded."""
    rule, folder = exported.rule, exported.folder
    if target == "python":
        return PythonRule(rule, (folder / "rule.py").read_text())
    if target == "latex":
        return LatexRule(rule, (folder / "rule.tex").read_text())
    assert compiler is not None
    return stack.enter_context(CompiledRule(rule, compiler, folder, target))


async def check_closed_loop(
    exported: Exported, problem: Problem, evaluation: Evaluation, specs: Sequence[WorkloadSpec], scale: Scale | None,
    over: Callable[[], bool] = lambda: False,
) -> list[Check]:  # fmt: skip
    """Check (iv) on workloads, validation's in most cases. evaluation: of rule.py on them, in the sandbox.

    Targets whose turn comes when the time is over are skipped.
    """
    rule, compiler = exported.rule, compilers.find()
    loop = await asyncio.to_thread(loops.closed_loop, problem, rule, specs, scale)
    checks = []
    for target in exported.targets:
        if target == "latex":
            continue
        if target == "python":
            checks.append(loops.evaluated(loop, evaluation))
            continue
        if why := _cannot_run(target, compiler, over):
            checks.append(skipped(loops.NAME, why, target))
            continue
        try:
            with ExitStack() as stack:
                runner = _runner(exported, target, compiler, stack)
                checks.append(await asyncio.to_thread(loops.compiled, loop, runner, target))
        except (DriverEnded, compilers.CompileError) as error:
            checks.append(Check(loops.NAME, False, str(error).splitlines()[0], target=target))
    return checks


def mark(exported: Exported, checks: Sequence[Check]) -> dict[Target, list[str]]:
    """Write into the first line of every file whether it is unverified, and why; returns the reasons by target.

    A target is unverified where a check of it, or of the rule, failed or could not be made: no compiler, or no time.
    """
    reasons: dict[Target, list[str]] = {}
    for target in exported.targets:
        failed = [check.name for check in failures(checks, target)]
        missing = [check.detail for check in checks if check.skipped and check.target == target]
        reasons[target] = list(dict.fromkeys([*failed, *missing]))
        for name in FILES[target]:
            path = exported.folder / name
            path.write_text(marked(path.read_text(), reasons[target]))
    return {target: why for target, why in reasons.items() if why}
