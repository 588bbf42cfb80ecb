"""Whether what was accepted on `train` holds on `validation`; else, which program before it does."""

from collections.abc import Callable
from dataclasses import replace

from adrs.distill.minimise.fixpoint import Minimiser, Step, Tried
from adrs.distill.minimise.oracle import Ground, Oracle, Verdict, validating
from adrs.distill.stop import Stop
from adrs.distill.work import Work
from adrs.program import Evaluation, Split


class Validation:
    """Goes back through the accepted programs until one holds on `validation`, and on from there."""

    def __init__(self, work: Work, ground: Ground, train: Oracle) -> None:
        self._work = work
        self._ground = ground
        self._train = train
        self._oracle: Oracle | None = None
        self.reasons: list[str] = []
        """Why smaller programs did not hold."""
        self.held: Step | None = None
        """The smallest program that is known to hold."""
        self.original: dict[Split, Evaluation] = {}
        self.found: dict[Split, Evaluation] = {}
        """Of the program that holds."""
        self.asked: dict[int, bool] = {}
        """Whether a smaller program holds, by its place in the chain."""
        self.cut_off = False
        """Whether programs are left that nobody asked, and one of them may hold."""
        self.going_on = False
        """Whether what is tried after the way back did not come to its end."""

    async def go_back(self, chain: list[Step]) -> None:
        """Find a program that holds, the smallest if all after the first that fails do.

        If the last does not hold, the first is asked, which is likeliest to: so there is something to keep whenever the
        time is over. Then steps back from the last grow, and it is looked for between the last that failed and the
        first that holds.
        """
        known = self._work.subject.evaluations.get("validation")
        self._oracle = await validating(self._ground, self._train.tolerance, known)
        self.original = {"validation": self._oracle.reference.whole}
        last = len(chain) - 1
        self.cut_off = True
        if not await self._holds(chain, last):
            safest = 1 if await self._holds(chain, 1) else 0
            bad, good, step = last, max(safest, last - 1), 2
            while good > safest and not await self._holds(chain, good):
                bad, good, step = good, max(safest, good - step), 2 * step
            while bad - good > 1:
                middle = (good + bad) // 2
                good, bad = (middle, bad) if await self._holds(chain, middle) else (good, middle)
        self.cut_off = False

    async def go_on(self, stop: Stop, heard: Callable[[Tried], None]) -> None:
        """Try again what comes after the program that holds, each edit on both splits.

        For `preserve` alone: to choose among programs of other behaviour by `validation` would spend it.
        """
        if self.held is None or self._oracle is None:
            return
        functions, workers = self._work.problem.functions, self._work.wish.workers
        both = _Both(self._train, self._oracle)
        minimiser = Minimiser(both, self.held.source, functions, workers, stop, heard)
        self.going_on = True
        self.going_on = not await minimiser.run()
        if len(minimiser.chain) == 1:
            return
        verdict = await self._oracle.confirm(minimiser.best.source, self._oracle.digest(self.held.source))
        self.held = minimiser.best
        if verdict.evaluation is not None:
            self.found = {"validation": verdict.evaluation}

    async def _holds(self, chain: list[Step], index: int) -> bool:
        assert self._oracle is not None
        if index in self.asked:
            return self.asked[index]
        verdict = await self._oracle.confirm(chain[index].source, self._oracle.digest(chain[0].source))
        self._work.evaluations += verdict.evaluations
        self.asked[index] = verdict.accepted
        if verdict.accepted:
            self.held = chain[index]
            self.found = {"validation": verdict.evaluation or self._oracle.reference.whole}
        else:
            self.reasons.append(f"{chain[index].size.nodes} nodes: {verdict.reason}")
            if self.held is None:
                self.held, self.found = chain[0], dict(self.original)
        return verdict.accepted


class _Both:
    """Accepts what both splits accept; the evaluation is that of `train`."""

    def __init__(self, train: Oracle, validation: Oracle) -> None:
        self._train = train
        self._validation = validation

    def digest(self, source: str) -> str:
        """Digest of a program."""
        return self._train.digest(source)

    async def judge(self, source: str, current: str = "") -> Verdict:
        """The verdict on `train`, unless it is accepted there and not on `validation`."""
        first = await self._train.judge(source, current)
        if not first.accepted or first.stage == "same":
            return first
        return _of_both(first, await self._validation.judge(source, current))

    async def confirm(self, source: str, current: str = "") -> Verdict:
        """The same, by all tests."""
        first = await self._train.confirm(source, current)
        if not first.accepted or first.stage == "same":
            return first
        return _of_both(first, await self._validation.confirm(source, current))


def _of_both(train: Verdict, validation: Verdict) -> Verdict:
    evaluations = train.evaluations + validation.evaluations
    if validation.accepted:
        return replace(train, evaluations=evaluations)
    return replace(validation, reason=f"validation: {validation.reason}", evaluations=evaluations)
