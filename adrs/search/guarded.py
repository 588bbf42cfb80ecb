"""A strategy as a run sees it: what it does wrong ends the run before it has an effect, and is called by its name."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from adrs.errors import PluginError
from adrs.program import Program, Selection
from adrs.search.promises import breach

if TYPE_CHECKING:
    from adrs.search import Search


class Guarded:
    """Passes on to a strategy. Raises PluginError for a selection that breaks a promise of `adrs.search.Search`."""

    def __init__(self, name: str, strategy: "Search", stages: Collection[str]) -> None:
        self._called = f'search strategy "{name}"'
        self._strategy = strategy
        self._stages = stages
        self._told: dict[int, bool] = {}
        """By number of a program, whether it has a fitness."""

    def ask(self) -> Selection:
        """The strategy's selection, which keeps all promises."""
        selection = self._strategy.ask()
        wrong = breach(selection, self._told, self._stages)
        if wrong:
            raise PluginError(f"{self._called} {wrong}")
        return selection

    def tell(self, program: Program) -> None:
        """Tell the strategy how a program ended."""
        self._told[program.id] = program.fitness is not None
        self._strategy.tell(program)
