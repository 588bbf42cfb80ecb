"""The embedded proposer: makes programs without a model and without a network.

Building blocks, syntax tree edits, crossover, and CMA-ES over constants, chosen by a bandit on what they gained.
"""

from adrs.propose.embedded.mutation import Mutation
from adrs.propose.embedded.proposer import Embedded

__all__ = ["Embedded", "Mutation"]
