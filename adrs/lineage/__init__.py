"""Questions asked of the log: who came from whom, what changed, what it gained and what it cost. The one place.

Every function takes a `Reader` and changes nothing; what it returns is a frozen record, which `plain` makes plain data.
Command line, report and dashboard only draw.
"""

from adrs.lineage.ancestry import Step, ancestry
from adrs.lineage.configuration import Configuration, configuration
from adrs.lineage.control import controls
from adrs.lineage.costs import Costs, ModelCost, OperatorCost, costs
from adrs.lineage.curve import Curve, Point
from adrs.lineage.declared import Declared, declared
from adrs.lineage.detail import Detail, detail
from adrs.lineage.diff import Compared, by_workload, diff
from adrs.lineage.failures import Failure, failures, verdicts
from adrs.lineage.gain import difference, gain
from adrs.lineage.gains import ModelGain, OperatorGain, gains, model_gains
from adrs.lineage.improvements import curve, told
from adrs.lineage.matching import ORDERS, Match, Matches, Sought, makers, matching
from adrs.lineage.overview import Overview, overview
from adrs.lineage.plain import plain
from adrs.lineage.routing import Rival, RoutedModel, RoutingReport, routing
from adrs.lineage.scores import SHOWN, scores
from adrs.lineage.standing import Contender, Lead, Measured, Standing, contender, standing
from adrs.lineage.tree import Node, Tree, children, tree
from adrs.lineage.winner import chosen, line, winner

__all__ = [
    "ORDERS", "SHOWN", "Compared", "Configuration", "Contender", "Costs", "Curve", "Declared", "Detail", "Failure",
    "Lead", "Match", "Matches", "Measured", "ModelCost", "ModelGain", "Node", "OperatorCost", "OperatorGain",
    "Overview", "Point", "Rival", "RoutedModel", "RoutingReport", "Sought", "Standing", "Step", "Tree", "ancestry",
    "by_workload", "children", "chosen", "configuration", "contender", "controls", "costs", "curve", "declared",
    "detail", "diff", "difference", "failures", "gain", "gains", "line", "makers", "matching", "model_gains",
    "overview", "plain", "routing", "scores", "standing", "told", "tree", "verdicts", "winner",
]  # fmt: skip
