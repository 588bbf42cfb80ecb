"""The passes of the minimiser, in the order in which they are repeated until none finds anything any more."""

from collections.abc import Mapping

from adrs.distill.minimise.passes.arrays import arrays
from adrs.distill.minimise.passes.branches import branches
from adrs.distill.minimise.passes.calls import calls
from adrs.distill.minimise.passes.cleanup import cleanup
from adrs.distill.minimise.passes.closures import closures
from adrs.distill.minimise.passes.constants import budgets, constants
from adrs.distill.minimise.passes.copies import copies
from adrs.distill.minimise.passes.expressions import expressions
from adrs.distill.minimise.passes.loops import loops
from adrs.distill.minimise.passes.methods import methods
from adrs.distill.minimise.passes.names import names
from adrs.distill.minimise.passes.shared import shared
from adrs.distill.minimise.passes.slots import slots
from adrs.distill.minimise.passes.statements import statements
from adrs.distill.minimise.passes.structures import structures
from adrs.distill.minimise.passes.sums import sums
from adrs.distill.minimise.tree import Pass

PASSES: Mapping[str, Pass] = {
    "budgets": budgets, "cleanup": cleanup, "statements": statements, "structures": structures, "calls": calls,
    "names": names, "copies": copies, "closures": closures, "slots": slots, "loops": loops, "branches": branches,
    "arrays": arrays, "sums": sums, "expressions": expressions, "methods": methods, "shared": shared,
    "constants": constants,
}  # fmt: skip
"""Methods come after expressions: `np.argmin(x + y)` may become `np.argmin(x)` for a list, `(x + y).argmin()` not."""
