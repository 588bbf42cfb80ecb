"""The passes of the minimiser, in the order in which they are repeated until none finds anything any more."""

from collections.abc import Mapping

from adrs.distill.passes.calls import calls
from adrs.distill.passes.cleanup import cleanup
from adrs.distill.passes.constants import constants
from adrs.distill.passes.expressions import expressions
from adrs.distill.passes.names import names
from adrs.distill.passes.statements import statements
from adrs.distill.passes.structures import structures
from adrs.distill.tree import Pass

PASSES: Mapping[str, Pass] = {
    "cleanup": cleanup, "statements": statements, "structures": structures, "calls": calls, "names": names,
    "expressions": expressions, "constants": constants,
}  # fmt: skip
