"""What a draft must keep to: the run holds every proposer to it, and so does the conformance suite."""

import json
from collections.abc import Collection, Mapping

from adrs.errors import did_you_mean
from adrs.program import Draft, Parent, Usage
from adrs.told import Told

ROLES = ("parent", "crossover", "inspiration")
_TEXTS = ("source", "operator", "rationale", "model", "failure")


def breach(draft: object, name: str, known: Told | Collection[int]) -> str:
    """What a proposer did wrong, with the proposer as the subject of the sentence; empty if it did nothing wrong.

    name: that it is registered under. known: numbers of the programs that it was told of.
    """
    if not isinstance(draft, Draft):
        return f"returns {type(draft).__name__} from `propose`, where an adrs.propose.Draft is wanted"
    if draft.proposer != name:
        return f'signs its drafts as "{draft.proposer}"; both names must be the same'
    for field in _TEXTS:
        value: object = getattr(draft, field)
        if not isinstance(value, str):
            return f"makes a draft with {type(value).__name__} as its {field}, where a text is wanted"
    usage: object = draft.usage
    if not isinstance(usage, Usage):
        return f"makes a draft with {type(usage).__name__} as its usage, where an adrs.propose.Usage is wanted"
    return _wrong_parents(draft.parents, known) or _wrong_detail(draft.detail)


def _wrong_parents(parents: object, known: Told | Collection[int]) -> str:
    if not isinstance(parents, tuple):
        return f"makes a draft with {type(parents).__name__} as its parents, where a tuple is wanted"
    for parent in parents:
        if not isinstance(parent, Parent):
            return f"makes a draft with {type(parent).__name__} as a parent, where an adrs.propose.Parent is wanted"
        if parent.role not in ROLES:
            return f'gives a parent the role "{parent.role}"{did_you_mean(parent.role, ROLES)}'
        if parent.id not in known:
            return f"makes a draft of program {parent.id}, which it was never told of"
    return ""


def _wrong_detail(detail: object) -> str:
    if not isinstance(detail, Mapping):
        return f"makes a draft with {type(detail).__name__} as its detail, where a mapping is wanted"
    try:
        json.dumps(dict(detail))
    except (TypeError, ValueError) as error:
        return f"puts into `detail` what the log cannot hold: {error}"
    return ""
