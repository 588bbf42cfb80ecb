"""The stage that looks for expressions in the place of numbers by which a program chooses."""

import ast
import asyncio
import html
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from adrs import resources
from adrs.distill.minimise.size import size
from adrs.distill.priority.choose import chosen, why_none
from adrs.distill.priority.fit import Order, Orders, Search, fitted
from adrs.distill.priority.record import Table, record
from adrs.distill.priority.rewrite import Key, Program
from adrs.distill.priority.scoring import Base, Scored, cleaned, evaluated, scored
from adrs.distill.record import Ended
from adrs.distill.report import preformatted
from adrs.distill.stop import Stop
from adrs.distill.symbolic.search import require
from adrs.distill.symbolic.workers import Workers
from adrs.distill.work import Result, Row, Work
from adrs.errors import UserError
from adrs.evaluation import WorkloadSpec
from adrs.interface import ValueType
from adrs.problem import Problem
from adrs.text import printable

OPERATOR = "distil"
_WORKLOADS = 8
"""Of train, to record on."""
_SCORED = 5
"""Expressions of a key that are scored."""
_CHANCE = 0.5
"""Agreement of a random order."""
_FOR_SCORES = 0.4
"""Share of a key's time."""
_NONE = (
    "the program chooses by no number that an expression could stand for: there is no key of a sort, a least, a "
    "greatest or a heap that is more than a number it was given"
)


class PrioritySearch:
    """Route (b) for programs whose answers are no single numbers."""

    name = "expression"
    share = 0.5

    async def prepare(self, work: Work, before: Collection[str]) -> bool:
        """Whether the program has a key, and the search engine is there."""
        try:
            require()
            _keys(Program(work.subject.source, work.problem.functions, work.problem.choosing), work.problem)
        except UserError as error:
            _refuse(work, error)
            return False
        return True

    async def run(self, work: Work, deadline: float) -> None:
        """Look at every key of the program, hand in the rows, and the best expression as a program.

        Where there is none, one sentence says so, or a UserError if nothing else was asked for.
        """
        try:
            await _Distillation(work, deadline).run()
        except (UserError, Ended) as error:
            _refuse(work, error)


def _refuse(work: Work, error: UserError | Ended) -> None:
    if work.wish.only == PrioritySearch.name:
        raise UserError(str(error)) from None
    work.not_done.append(f"no expression was found: {error}.")


def _keys(program: Program, problem: Problem) -> Sequence[Key]:
    """At least one. Raises UserError."""
    try:
        keys = program.keys()
    except RecursionError:
        raise UserError("the program is nested too deeply to be read") from None
    if not keys:
        raise UserError(_NONE + _of_a_table(problem))
    return keys


def _of_a_table(problem: Problem) -> str:
    """What a problem lacks whose programs answer a number in each scenario, for which a rule could stand."""
    returns = {name: kind.returns for name, kind in problem.functions.items()}
    numeric = [name for name, kind in returns.items() if isinstance(kind, ValueType) and str(kind) == "float"]
    if problem.shape != "decide" or problem.distillation is not None or not numeric:
        return ""
    return (
        f"; {numeric[0]} answers a number, for which a rule could stand, but problem.toml has no table [distill], "
        f"which would say what a rule may read: {resources.folder('docs')}/distillation.md has one by example"
    )


class _Distillation:
    """One run of the stage."""

    def __init__(self, work: Work, deadline: float) -> None:
        self._work, self._deadline = work, deadline
        self._failed: list[str] = []
        self._cut_short = False

    async def run(self) -> None:
        base = await self._base()
        keys = _keys(base.program, self._work.problem)
        found: list[Scored] = []
        for place, key in enumerate(keys):
            left = max(0.0, self._deadline - time.monotonic())
            try:
                with Workers(self._work.wish.workers) as workers:  # of its own: what is too late ends with them
                    workers.heard = partial(self._searched, key)
                    found += await self._tried(base, key, workers, time.monotonic() + left / (len(keys) - place))
            except (UserError, Ended) as error:
                self._failed.append(f"for the key of line {key.line} ({_words(key.text)}), {error}")
        if not found and not self._cut_short:
            raise UserError("; ".join(self._failed))
        self._work.not_done += [f"no expression was found {reason}." for reason in self._failed]
        if found:
            self._hand_in(base, found)

    def _searched(self, key: Key, done: int, total: int) -> None:
        self._work.observer.at(f"key of line {key.line}: searching for expressions, {done} of {total}")

    async def _base(self) -> Base:
        """The smallest program that was accepted, else the original, with its evaluations."""
        work = self._work
        minimal = next((each for each in work.results if each.row.kind == "minimal"), None)
        source = work.subject.source if minimal is None else minimal.source
        original = work.original.evaluations if work.original else {}
        known = {**work.subject.evaluations, **original} if minimal is None else minimal.row.evaluations
        evaluations = await evaluated(work, source, known)
        for split, found in evaluations.items():
            if found.fitness is None:
                raise UserError(f"the program ends {found.verdict} on {split}: {found.reason}")
        nodes = size(ast.parse(cleaned(work, source))).nodes
        if minimal is None:
            known_row = work.original or Row("original", "original", size(ast.parse(source)).nodes, {})
            work.original = replace(known_row, evaluations=evaluations, more={**known_row.more, "fidelity": 1.0})
        return Base(Program(source, work.problem.functions, work.problem.choosing), nodes, evaluations)

    async def _tried(self, base: Base, key: Key, workers: Workers, deadline: float) -> list[Scored]:
        """Expressions of one key, and one rule list, scored. Raises UserError, and Ended where the program fails."""
        work, began = self._work, time.monotonic()
        task = asyncio.create_task(self._orders(base, key, workers))
        done = await Stop(deadline - _FOR_SCORES * (deadline - began), work.stop.asked).first(task)
        if done is None:
            task.cancel()
            await asyncio.wait({task})
            self._cut_short = True
            late = "the time was over; give more with --budget"
            raise UserError("it was interrupted" if work.stop.asked.is_set() else late)
        table, orders = done
        best = _most_alike(orders.front)[:_SCORED]
        found: list[Scored] = []
        tried = [*best, *_most_alike(orders.branched)[:1], *_most_alike(orders.lists)[:1]]
        for number, order in enumerate(tried, 1):
            if work.stop.asked.is_set() or time.monotonic() > deadline:
                work.not_done.append(
                    f"not all expressions for the key of line {key.line} were scored: no time was left."
                )
                break
            work.observer.at(f"key of line {key.line}: scoring expressions in its place, {number} of {len(tried)}")
            found.append(await scored(work, base, key, table, order, order in orders.lists))
        if best:
            work.observer.said(
                f"key of line {key.line}: {len(table.values)} items recorded, {len(orders.front)} on the "
                f"front, the best agrees on {best[0].agreement:.3f} of pairs, tau {best[0].tau:.3f}, "
                f"{time.monotonic() - began:.1f} s"
            )
        return found

    async def _orders(self, base: Base, key: Key, workers: Workers) -> tuple[Table, Orders]:
        work = self._work
        specs = _evenly(work.problem.workloads["train"], _WORKLOADS)
        plain = None if work.problem.objective.noisy else base.evaluations.get("train")
        work.observer.at(f"key of line {key.line}: recording what it puts in order")
        table = await record(work.executor, base.program.recorded(key), key, specs, plain)
        orders = await fitted(table, workers, Search(work.wish.length, work.wish.leaves, work.wish.seed))
        if not orders.front:
            raise UserError("no expression is finite on all that was recorded")
        return table, orders

    def _hand_in(self, base: Base, found: list[Scored]) -> None:
        """All rows, the smallest program that scores no lower as a result, and what there is to read."""
        work = self._work
        best = chosen(found, base.nodes, work.wish.mode)
        work.rules += [each.row for each in found if each is not best]
        if best is None:
            work.not_done.append(why_none(found, work.wish.mode))
        else:
            result = self._result(base, best)
            work.results.append(result)
            work.chosen = result
            work.write("priority.py", best.source)
        work.sections.append(_section(found, best))

    def _result(self, base: Base, best: Scored) -> Result:
        work, key, order = self._work, best.key, best.order
        said = (
            f"{work.subject.name} with an expression of {order.nodes} nodes in the place of the key of line "
            f"{key.line}: {base.nodes} -> {best.row.nodes} nodes"
        )
        detail = {"seed": work.wish.seed, "agreement": order.agreement, "tau": order.tau}
        return Result(best.source, OPERATOR, said, best.row, detail)


def _most_alike(orders: list[Order]) -> list[Order]:
    """Those that order better than chance, the most alike first."""
    alike = [each for each in orders if each.agreement > _CHANCE]
    return sorted(alike, key=lambda each: (-each.agreement, each.nodes))


def _evenly(specs: tuple[WorkloadSpec, ...], most: int) -> tuple[WorkloadSpec, ...]:
    count = min(len(specs), most)
    return tuple(specs[len(specs) * place // count] for place in range(count))


def _words(text: str, most: int = 60) -> str:
    safe = printable(text)
    return safe if len(safe) <= most else f"{safe[: most - 3]}..."


def _section(found: list[Scored], best: Scored | None) -> str:
    """What stands in the report: per key the number that the program chooses by, and what was tried in its place."""
    lines = ["## Priorities", "", "The same pairs of items come first, of workloads that nothing was fitted on: "
             "agreement counts each choice once and a tie half; tau is Kendall's.", ""]  # fmt: skip
    for key in dict.fromkeys(each.key for each in found):
        lines += [f"Line {key.line}, {key.how}:", "", preformatted(key.text), "",
                  "| agreement | tau | | in its place |", "|---:|---:|---|---|"]  # fmt: skip
        for each in found:
            if each.key == key:
                verdict = "**chosen**" if each is best else "scores lower" if each.lost else "scores as well"
                code = f"<code>{html.escape(printable(each.text)).replace('|', '&#124;')}</code>"
                lines.append(f"| {each.order.agreement:.3f} | {each.order.tau:.3f} | {verdict} | {code} |")
        lines.append("")
    return "\n".join(lines)
