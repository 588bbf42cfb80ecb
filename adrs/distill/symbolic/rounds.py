"""From a teacher to a rule: recorded, fitted, chosen in closed loop, tuned, rounded, and corrected by its own mistakes.

The last is dataset aggregation (DAgger; Ross, Gordon and Bagnell, AISTATS 2011): a student decides, the teacher says
what it would have done where the student has come.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from adrs.distill.record import Samples
from adrs.distill.symbolic import by_return, fit, model_tree
from adrs.distill.symbolic.choose import Fitted, Judges, choose_leaves, collapsed, preferred
from adrs.distill.symbolic.closed_loop import ClosedLoop, Decider, Outcome, fresh, like
from adrs.distill.symbolic.controls import CART_LEAVES
from adrs.distill.symbolic.examples import Examples, joined, make_examples
from adrs.distill.symbolic.search import Effort
from adrs.distill.symbolic.teachers import Teacher
from adrs.distill.symbolic.tune import rounded, tuned
from adrs.distill.symbolic.workers import Workers
from adrs.program import Recording
from adrs.rule.form import Expression, Inputs, Leaf, Rule, Terminal
from adrs.rule.size import rule_operations

HALF_A_POINT = 0.005
"""Of the distance from the trivial baseline to the state of the art."""
BRANCHED, BY_RETURN = "branched", "by return"
"""Kinds of candidates: their branches are those of a model tree, or stand between clusters of links."""
_NOT_BY_RETURN = "no branches were made by return,"
_NOISE = 0.5
"""Of recordings, in the unit of the answers: so that rows show how the teacher recovers."""
_ROUNDING = 0.2
"""Of half a point: what rounding may cost."""


@dataclass(frozen=True)
class Plan:
    """How much to do."""

    length: int = 20
    """The most nodes of an unbranched expression, as the search counts them."""
    leaf_length: int = 16
    leaves: int = 4
    rounds: int = 3
    seed: int = 0
    seeds: int = 2
    """Searches for an unbranched expression, of one seed each."""
    workloads: int = 13
    """That the teacher is recorded on."""
    more_workloads: int = 4
    """That a student is recorded on, each further round."""
    returns: int = 4
    """Whose single links are clustered by what they return."""
    finalists: int = 3
    """Rules whose constants are tuned."""
    evaluations: int = 200
    """Of constants, for each of them."""
    tuning: int = 2
    """Workloads of each family of validation, drawn anew, that constants are tuned on."""
    most_operations: int | None = 30
    """Of a rule that is chosen; more where no rule has so few."""
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True)
class Candidate:
    """A rule that may be chosen."""

    rule: Rule
    kind: str
    """flat, branched, by return, pursuit, cart."""
    round: int
    step: str = "fitted"
    """fitted, tuned, rounded."""
    fidelity: float = -math.inf
    """R2 to the teacher's answers on links that nothing was fitted on."""


@dataclass
class Found:
    """What there is so far; complete at any moment."""

    candidates: list[Candidate] = field(default_factory=list)
    validation: list[Outcome] = field(default_factory=list)
    """Of the candidates."""
    not_done: list[str] = field(default_factory=list)
    """What was left out, and why: clauses."""
    samples: list[Samples] = field(default_factory=list)
    """What was recorded, with the teacher's answers."""
    most_operations: int | None = None
    """Of the candidate to take, where any has so few."""

    def chosen(self, margin: float, branched: bool | None = None) -> int | None:
        """Place of the candidate to take: all of them, or only those with branches or without.

        Steps of constants are there to be compared with: they are no expression, however well they do.
        """
        places = [place for place, each in enumerate(self.candidates)
                  if each.kind != "cart" and branched in (None, fit.is_branched(each.rule))]  # fmt: skip
        found = preferred([self.candidates[place].rule for place in places],
                          [self.validation[place] for place in places], margin, self.most_operations)  # fmt: skip
        return None if found is None else places[found]


class Distilling:
    """One teacher on its way to a rule. `found` may be read at any time, also after a cancellation."""

    def __init__(
        self, teacher: Teacher, loop: ClosedLoop, workers: Workers, plan: Plan, margin: float,
        enough: Callable[[], bool] = lambda: False, tell: Callable[[str], None] = lambda line: None,
    ) -> None:  # fmt: skip
        """margin: half a point, in the primary metric. `enough` is asked between steps: is the budget spent?
        `tell` gets one line a stage.
        """
        self.found = Found(most_operations=plan.most_operations)
        self.doing = ""
        """What is under way, in a few words."""
        self._teacher, self._loop, self._workers = teacher, loop, workers
        self._plan, self._margin, self._enough, self._tell = plan, margin, enough, tell
        self._inputs = loop.distillation.inputs
        splits = loop.problem.workloads
        self._train, self._validation = splits["train"], splits["validation"] or splits["train"]
        self._known = [spec for specs in splits.values() for spec in specs]
        self._tuning = like(self._validation, self._known, plan.tuning, plan.seed) or self._train
        self._known += self._tuning
        self._judges = Judges(loop, self._train, self._validation)
        self._held: Examples | None = None
        self._by_return: list[model_tree.Branch] = []

    async def run(self) -> Found:
        """All rounds, then constants. Ends early once there is enough, with at least the first fronts scored."""
        tables: list[Examples] = []
        for number in range(1, self._plan.rounds + 1):
            if number > 1 and self._enough():
                self._leave_out(f"the budget was spent before round {number}")
                break
            samples = await self._record(number)
            self.found.samples.append(samples)
            table = make_examples(samples, self._inputs, tuple(self._teacher.entries))
            if self._held is None:
                table, self._held = table.split(self._plan.seed)
            tables.append(table)
            await self._fit(joined(tables), number)
        await self._tune()
        return self.found

    async def _record(self, number: int) -> Samples:
        """The teacher's own decisions first; then its answers to what the best student so far has seen."""
        self.doing = f"round {number}: recording"
        plan = self._plan
        count = plan.workloads if number == 1 else plan.more_workloads
        specs = fresh(self._train, self._known, count, plan.seed + number)
        self._known += specs
        recording = Recording(
            self._loop.distillation.function, evenly=not self._teacher.entries, noise=_NOISE * self._inputs.unit,
            seed=plan.seed + number,
        )  # fmt: skip
        student = self.found.chosen(0.0)
        if student is None:
            return await self._teacher.recorded(specs, recording)
        visited = await self._loop.recorded(self.found.candidates[student].rule, specs, recording)
        return replace(visited, answers=await self._teacher.answers(visited))

    async def _fit(self, table: Examples, number: int) -> None:
        """One round's fronts, and the best of them in closed loop."""
        self.doing = f"round {number}: scoring rules"
        if number == 1:  # without a search, so that there is a rule soon
            for kind, controls in fit.control_rules(table, self._inputs, CART_LEAVES).items():
                await self._add(controls, kind, number)
        contexts = model_tree.contexts(self._inputs)
        trees = dict.fromkeys(model_tree.grow(table, contexts, self._plan.leaves), BRANCHED)
        if number == 1 and not self._enough():
            self._by_return = await self._grown_by_return(contexts)
        trees |= {tree: BY_RETURN for tree in self._by_return if tree not in trees}
        flat, leaves = await self._fronts(table, list(trees), number)
        self.doing = f"round {number}: scoring rules"
        rules = [Rule(self._inputs, Leaf(member.expression)) for member in flat]
        await self._add(rules, "flat", number)
        self._tell(self._line(f"round {number}: {len(table)} rows, {len(flat)} expressions without branches"))
        outcomes = await self._loop.outcomes(rules, self._validation)
        best = preferred(rules, outcomes, 0.0)
        if best is None:
            return
        for (tree, kind), fronts in zip(trees.items(), leaves, strict=True):
            self.doing = f"round {number}: choosing what branches lead to"
            if self._enough():
                self._leave_out(f"the budget was spent before the branched rules of round {number} were chosen")
                return
            build = partial(_built, self._inputs, tree)
            made = await choose_leaves(self._judges, build, fronts, flat[best].expression, self._plan.most_operations)
            await self._add([rule for rule in made if fit.is_branched(rule)], kind, number)
        self._tell(self._line(f"round {number}: {len(trees)} trees of branches"))

    async def _grown_by_return(self, contexts: Sequence[Terminal]) -> list[model_tree.Branch]:
        """Branches between clusters of links, by what the teacher gets there; or, where it is a program, what the best
        rule so far gets, since links can be told apart only where data decides.
        """
        student, plan = self.found.chosen(0.0), self._plan
        decider: Decider | None = self._teacher.decider
        if decider is None and student is not None:
            decider = self.found.candidates[student].rule
        if decider is None or plan.leaves < 2:
            return []
        specs = fresh(self._train, self._known, plan.returns, plan.seed)
        self._known += specs
        recording = Recording(self._loop.distillation.function, evenly=True)
        singles = await self._loop.singles(decider, specs, recording)
        if len(singles) < plan.leaves:
            self._leave_out(f"{_NOT_BY_RETURN} since the evaluator does not tell single instances apart")
            return []
        grown = by_return.grow(singles, self._inputs, contexts, plan.leaves, plan.seed)
        if not grown:
            self._leave_out(f"{_NOT_BY_RETURN} since the clusters cannot be told apart by what can be seen")
        return grown

    async def _fronts(
        self, table: Examples, trees: Sequence[model_tree.Branch], number: int
    ) -> tuple[list[Fitted], list[list[list[Fitted]]]]:
        """Of the whole table, and of each leaf of each tree; a leaf that several trees share is fitted once."""
        self.doing = f"round {number}: searching for expressions"
        plan, held = self._plan, self._held
        assert held is not None
        regions = {(tree, leaf): (rows, outside) for tree in trees for leaf, (rows, outside)
                   in enumerate(zip(tree.regions(table), tree.regions(held), strict=True))}  # fmt: skip
        known: dict[bytes, Examples] = {rows.tobytes(): table.take(rows) for rows, _ in regions.values()}
        calls = [(table, plan.length, self._seed(number, each), plan.effort) for each in range(plan.seeds)]
        calls += [(part, plan.leaf_length, self._seed(number, 0), plan.effort) for part in known.values()]
        searched = await self._workers.map(fit.found_expressions, calls)
        flat = fit.front([each for one in searched[: plan.seeds] for each in one], table, held)
        of_part = dict(zip(known, searched[plan.seeds :], strict=True))
        fronts = [
            [fit.front(of_part[rows.tobytes()], table.take(rows), held.take(outside))
             for rows, outside in (regions[tree, leaf] for leaf in range(tree.leaves))]
            for tree in trees
        ]  # fmt: skip
        return flat, fronts

    def _seed(self, number: int, place: int) -> int:
        return int(np.random.SeedSequence([self._plan.seed, number, place]).generate_state(1)[0] >> 1)

    async def _add(self, rules: Sequence[Rule], kind: str, number: int, step: str = "fitted") -> None:
        """Score rules on validation and keep them, unless they are known or break a rule of the problem."""
        assert self._held is not None
        known = {candidate.rule for candidate in self.found.candidates}
        unknown = [rule for rule in dict.fromkeys(rules) if rule not in known]
        at_once = max(1, self._loop.workers)  # few, so that there is a rule soon
        for start in range(0, len(unknown), at_once):
            some = unknown[start : start + at_once]
            for rule, outcome in zip(some, await self._loop.outcomes(some, self._validation), strict=True):
                if math.isfinite(outcome.fitness):
                    named = "flat" if kind in (BRANCHED, BY_RETURN) and not fit.is_branched(rule) else kind
                    self.found.candidates.append(Candidate(rule, named, number, step, fit.fidelity(rule, self._held)))
                    self.found.validation.append(outcome)

    async def _tune(self) -> None:
        """Constants of the best few, the best with and without branches among them; then rounded."""
        finalists = self._finalists()
        for number, place in enumerate(finalists, 1):
            self.doing = f"tuning constants of rule {number} of {len(finalists)}"
            if self._enough():
                self._leave_out("the budget was spent before all finalists were tuned")
                return
            candidate = self.found.candidates[place]
            rule = await tuned(
                self._loop, candidate.rule, self._tuning, self._seed(0, place), self._plan.evaluations, self._enough
            )
            await self._add([rule], candidate.kind, candidate.round, "tuned")
            before, after = await self._loop.outcomes([candidate.rule, rule], self._validation)
            better = rule if after.fitness > before.fitness else candidate.rule
            short = await rounded(self._judges, better, _ROUNDING * self._margin)
            await self._add([collapsed(short)], candidate.kind, candidate.round, "rounded")
        self._tell(self._line("constants tuned and rounded"))

    def _finalists(self) -> list[int]:
        """Places of the candidates to tune: the highest of each kind first, then by fitness; affordable ones first."""
        order = sorted(
            range(len(self.found.candidates)),
            key=lambda place: (not self._affordable(place), -self.found.validation[place].fitness),
        )
        kinds = [self.found.candidates[place].kind for place in order]
        firsts = ([kinds.index(kind) for kind in some if kind in kinds] for some in (("flat",), (BRANCHED, BY_RETURN)))
        leaders = [order[min(places)] for places in firsts if places]
        others = [place for place in order if place not in leaders and self.found.candidates[place].kind != "cart"]
        return [*leaders, *others][: self._plan.finalists]

    def _affordable(self, place: int) -> bool:
        most = self._plan.most_operations
        return most is None or rule_operations(self.found.candidates[place].rule) <= most

    def _leave_out(self, clause: str) -> None:
        self.found.not_done.append(clause)
        self._tell(clause)

    def _line(self, stage: str) -> str:
        place = self.found.chosen(self._margin)
        if place is None:
            return f"{stage}: no rule yet"
        rule, outcome = self.found.candidates[place].rule, self.found.validation[place]
        return (
            f"{stage}, {len(self.found.candidates)} rules tried; the best has {rule_operations(rule)} operations and "
            f"reaches {outcome.value:.4g} on validation"
        )


def _built(inputs: Inputs, tree: model_tree.Branch, leaves: Sequence[Expression]) -> Rule:
    """The rule of a tree with expressions for its leaves."""
    return collapsed(Rule(inputs, tree.node(iter(leaves))))
