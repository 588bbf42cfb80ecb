"""Remembers evaluations of baselines between runs, where a problem is deterministic."""

import json
import platform
from hashlib import sha256
from pathlib import Path

import numpy as np

from adrs import __version__, resources
from adrs.cache_entries import write_entry
from adrs.evaluator_digest import evaluator_digest
from adrs.problem import FILE, Baseline, Problem
from adrs.program import Evaluation, Split

_FORM = "3"
"""Of cached evaluations: one of another form is not read."""


class BaselineCache:
    """What is kept of one problem as it is now; nothing of a noisy one, or where its evaluator cannot be found."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._evaluator = "" if problem.objective.noisy else evaluator_digest(problem)

    def recall(self, baseline: Baseline, split: Split) -> Evaluation | None:
        """The evaluation of a baseline that is kept, if any."""
        if not self._evaluator:
            return None
        try:
            return Evaluation.from_plain(json.loads(self._path(baseline, split).read_text()))
        except (OSError, ValueError, TypeError, KeyError):
            return None  # a damaged entry is measured again and written over

    def keep(self, baseline: Baseline, split: Split, evaluation: Evaluation) -> None:
        """Remember an evaluation that ended well."""
        if self._evaluator and evaluation.verdict == "ok":
            write_entry(self._path(baseline, split), json.dumps(evaluation.plain()))

    def _path(self, baseline: Baseline, split: Split) -> Path:
        """Where an evaluation is kept: named by everything that could change it."""
        key = sha256()
        versions = (__version__, _FORM, platform.python_version(), np.__version__, str(sorted(self._problem.missing)))
        workloads, source = repr(self._problem.workloads[split]), baseline.native or baseline.read()
        for part in (*versions, self._judging(), self._evaluator, workloads, split, source):
            key.update(part.encode(errors="surrogatepass") + b"\0")
        return resources.cache_folder() / "baselines" / f"{key.hexdigest()}.json"

    def _judging(self) -> str:
        """Hash of what a problem judges by, its evaluator aside: not of its programs, blocks and prompts."""
        if self._problem.trust == "shared":
            return self._problem.digest()
        return sha256(self._problem.snapshot()[FILE]).hexdigest()
