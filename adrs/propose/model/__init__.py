"""The model proposer: briefs for a language model, and programs out of what it answers."""

from adrs.propose.model.proposer import Model

__all__ = ["Model"]
