"""Whether what was accepted on `train` holds on `validation`; else, which program before it does."""

from adrs.distill.minimise import Step
from adrs.distill.oracle import Ground, Oracle, validating
from adrs.distill.work import Work
from adrs.program import Evaluation, Split


class Validation:
    """Goes back through the accepted programs until one holds on `validation`."""

    def __init__(self, work: Work, ground: Ground, train: Oracle) -> None:
        self._work = work
        self._ground = ground
        self._train = train
        self._oracle: Oracle | None = None
        self.reasons: list[str] = []
        """Why smaller programs did not hold."""
        self.original: dict[Split, Evaluation] = {}
        self.found: dict[Split, Evaluation] = {}
        """Of the program that holds."""

    async def smallest(self, chain: list[Step]) -> Step:
        """The smallest program that holds.

        Steps back grow; then it is looked for between the last that failed and the first that holds.
        """
        if len(chain) == 1 or not self._work.problem.workloads["validation"]:
            return chain[-1]
        known = self._work.subject.evaluations.get("validation")
        self._oracle = await validating(self._ground, self._train.tolerance, known)
        self.original = {"validation": self._oracle.reference.whole}
        good, bad, step = len(chain) - 1, len(chain), 1
        while not await self._holds(chain, good):
            bad, good, step = good, max(0, good - step), 2 * step
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if await self._holds(chain, middle) else (good, middle)
        return chain[good]

    async def _holds(self, chain: list[Step], index: int) -> bool:
        assert self._oracle is not None
        if index == 0:
            self.found = dict(self.original)
            return True
        verdict = await self._oracle.judge(chain[index].source, self._oracle.digest(chain[0].source))
        self._work.evaluations += verdict.evaluations
        if verdict.accepted:
            self.found = {"validation": verdict.evaluation or self._oracle.reference.whole}
        else:
            self.reasons.append(f"{chain[index].size.nodes} nodes: {verdict.reason}")
        return verdict.accepted
