"""Workloads that nothing has seen: those of `train` drawn again with other seeds, to find out what was over-fitted."""

import statistics
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from adrs.evaluation import WorkloadSpec
from adrs.problem import Problem
from adrs.program import SPLITS, Evaluation

_STANDARD_ERRORS, _POINTS = 2.0, 10.0
"""What a score must fall by, from `train` to fresh workloads, before that is said."""


def key(seed: int, digests: Iterable[str]) -> str:
    """What fresh workloads follow from: the run's seed and the very programs that will be checked.

    So they are the same whenever the same programs are checked, and nobody can know them while programs are written.
    """
    return sha256("/".join([str(seed), *digests]).encode()).hexdigest()


def draw(problem: Problem, key: str) -> tuple[WorkloadSpec, ...]:
    """As many workloads of each family as `train` has, with seeds that no split declares.

    Empty where nothing of `train` is drawn from a seed, as with published workloads.
    """
    taken = {(spec.family, spec.seed) for split in SPLITS for spec in problem.workloads[split]}
    drawn = []
    for spec in problem.workloads["train"]:
        if spec.seed is None:
            continue
        seed = spec.seed
        while (spec.family, seed) in taken:
            seed = int.from_bytes(sha256(f"{key}/{spec.name}/{seed}".encode()).digest()[:4], "big") >> 1
        taken.add((spec.family, seed))
        drawn.append(replace(spec, name=f"{spec.family}-{seed}", split="fresh", seed=seed))
    return tuple(drawn)


def why_not(problem: Problem) -> str:
    """Why a problem has no fresh workloads; empty if it has."""
    if problem.trust == "shared":
        return "its evaluator brings its own workloads"
    if draw(problem, ""):
        return ""
    return "its train workloads are fixed, not drawn from seeds"


def fitted_to_train(train: Evaluation | None, fresh: Evaluation | None) -> str | None:
    """That a program's scores fall from `train` to fresh workloads by more than chance explains; None where they do
    not, or where there are too few scores to tell.

    Seeds of declared workloads can be known, and with them what a program is not shown; those of fresh ones cannot.
    """
    if train is None or fresh is None:
        return None
    known, new = ([each.score for each in split.workloads if each.score is not None] for split in (train, fresh))
    if len(known) < 2 or len(new) < 2:
        return None
    before, after = statistics.mean(known), statistics.mean(new)
    error = (statistics.variance(known) / len(known) + statistics.variance(new) / len(new)) ** 0.5
    if before - after <= max(_POINTS, _STANDARD_ERRORS * error):
        return None
    return (
        f"on the workloads of train the winner scores {before:.0f} on average, on fresh ones of the same families "
        f"{after:.0f}, more than chance explains: it is fitted to those of train, or knows them"
    )
