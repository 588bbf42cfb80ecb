"""Verbs in groups, as `adrs --help` lists them; each verb names its own as its help panel."""

from typing import Any

from typer.core import TyperGroup

EVOLVE = "Evolve"
INSPECT = "Inspect"
SMALLER = "Make smaller"
MEASURE = "Measure"
PROBLEMS = "Problems"
AGENTS = "Agents"
HOUSEKEEPING = "Housekeeping"
_ORDER = (EVOLVE, INSPECT, SMALLER, MEASURE, PROBLEMS, AGENTS, HOUSEKEEPING)
_INDENTS = 6
"""Blanks around the two columns of a list."""


class Grouped(TyperGroup):
    """A command whose verbs are listed by group, in plain text."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """One section a group, and one width of names for all of them."""
        longest = max(map(len, self.commands))
        room = formatter.width - _INDENTS - longest
        for group in _ORDER:
            verbs = {
                name: verb for name, verb in self.commands.items() if getattr(verb, "rich_help_panel", "") == group
            }
            with formatter.section(group):
                formatter.write_dl(
                    [(name.ljust(longest), verb.get_short_help_str(room)) for name, verb in verbs.items()]
                )
