"""A strategy as a run sees it: what it does wrong ends the run before it has an effect, and is called by its name."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from adrs import plugins
from adrs.errors import PluginError
from adrs.program import Program, Selection
from adrs.search.promises import breach
from adrs.told import Told

if TYPE_CHECKING:
    from adrs.search import Search


class Guarded:
    """Passes on to a strategy.

    Raises PluginError for whatever the strategy raises, and for a selection that breaks a promise of
    `adrs.search.Search`.
    """

    def __init__(self, name: str, make: "Callable[[], Search]", stages: Collection[str], module: str) -> None:
        """Make the strategy. stages: those of the problem. module: where the strategy is written."""
        self._called = plugins.called("search", name)
        self._module = module
        self._stages = stages
        with plugins.blamed(f"{self._called} cannot be made", module):
            self._strategy = make()
        self._hold(plugins.lacking(self._strategy, "ask", "tell"))
        self._told = Told()

    def ask(self) -> Selection:
        """The strategy's selection, which keeps all promises."""
        with self._calling("ask"):
            selection = self._strategy.ask()
        self._hold(breach(selection, self._told, self._stages))
        return replace(selection, refuse=partial(self._refuse, selection.refuse)) if selection.refuse else selection

    def tell(self, program: Program) -> None:
        """Tell the strategy how a program ended."""
        self._told.add(program)
        with self._calling("tell"):
            self._strategy.tell(program)

    def _refuse(self, refuse: Callable[[Program], str], program: Program) -> str:
        with self._calling("refuse"):
            reason: object = refuse(program)
        if not isinstance(reason, str):
            raise PluginError(f"{self._called} answers {type(reason).__name__} in `refuse`, where a text is wanted")
        return reason

    def _calling(self, function: str) -> AbstractContextManager[None]:
        return plugins.blamed(f"{self._called} fails in `{function}`", self._module)

    def _hold(self, wrong: str) -> None:
        if wrong:
            raise PluginError(f"{self._called} {wrong}")
