"""Workloads that nothing has seen: those of `train` drawn again with other seeds, to find out what was over-fitted."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from adrs.evaluation import WorkloadSpec
from adrs.problem import Problem
from adrs.program import SPLITS


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
