"""Programs in simulation beside the same programs with the real thing: does the ranking hold?

Both are workloads of the problem (`Evaluator.emulation` names them) and go the way of all others, through a worker and
its sandbox. Here they are put in order, compared and kept.
"""

from adrs.emulate.alone import alone
from adrs.emulate.entrants import programs_in, programs_of
from adrs.emulate.measure import Observer, measure, plan
from adrs.emulate.report import Entrant, Outcome, Ranking, Report, save

__all__ = [
    "Entrant", "Observer", "Outcome", "Ranking", "Report", "alone", "measure", "plan", "programs_in", "programs_of",
    "save",
]  # fmt: skip
