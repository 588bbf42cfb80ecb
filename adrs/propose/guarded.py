"""A proposer as a run sees it: what it does wrong ends the run before it has an effect, and is called by its name."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from adrs import plugins
from adrs.errors import PluginError
from adrs.llm.spending import BudgetExhausted
from adrs.program import Brief, Draft, Program
from adrs.propose.promises import breach
from adrs.told import Told

if TYPE_CHECKING:
    from adrs.propose import Proposer


class Guarded:
    """Passes on to a proposer.

    Raises PluginError for whatever the proposer raises, and for a draft that breaks a promise of
    `adrs.propose.Proposer`.
    """

    def __init__(self, name: str, make: "Callable[[], Proposer]", module: str) -> None:
        """Make the proposer. module: where it is written."""
        self._name = name
        self._called = plugins.called("proposer", name)
        self._module = module
        with plugins.blamed(f"{self._called} cannot be made", module):
            self._proposer = make()
        self._hold(plugins.lacking(self._proposer, "propose", "recall", "tell"))
        self._told = Told()

    async def propose(self, brief: Brief) -> Draft:
        """The proposer's draft, which keeps all promises."""
        with self._calling("propose"):
            draft = await self._proposer.propose(brief)
        self._hold(breach(draft, self._name, self._told))
        return draft

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Hand the proposer what was recorded."""
        with self._calling("recall"):
            self._proposer.recall(brief, draft)

    def tell(self, program: Program) -> None:
        """Tell the proposer how a program fared."""
        self._told.add(program)
        with self._calling("tell"):
            self._proposer.tell(program)

    def _calling(self, function: str) -> AbstractContextManager[None]:
        return plugins.blamed(f"{self._called} fails in `{function}`", self._module, but=(BudgetExhausted,))

    def _hold(self, wrong: str) -> None:
        if wrong:
            raise PluginError(f"{self._called} {wrong}")
