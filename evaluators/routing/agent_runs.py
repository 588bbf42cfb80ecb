"""Simulated runs of a software engineering agent whose every call goes to one of four tiers; no model is called.

A stand-in for the live track of TwinRouterBench (arXiv 2605.18859, table 3), calibrated to its always-high row alone:
a run is a chain of milestones, each of which needs some tier; a weaker one often fails, or plants a defect.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluators.routing import tiers

MOST_STEPS = 250
MOST_DOLLARS = 3.0
"""Limits of mini-swe-agent."""
TIME_TO_LIVE = 300.0
"""Seconds that a prompt cache lives."""
PENALTY, PENALTY_2, PENALTY_5 = 0.60, 2.00, 5.00
"""Dollars that an unresolved run is billed with."""
_CUTS = np.array([-0.015, 0.305, 0.645])
"""Needs from which on the next higher tier is required."""


@dataclass(frozen=True)
class Scene:
    """One family."""

    success: tuple[float, ...] = (0.98, 0.60, 0.35, 0.20)
    """Chance that a call with so many tiers too few succeeds."""
    defect: tuple[float, ...] = (0.0, 0.03, 0.05, 0.08)
    """Chance that its success plants a defect."""
    milestones: float = 25.2
    middle: float = 1.4
    """Need of the middle of a run."""
    level: float = 0.0
    gap: float = 12.0
    """Median seconds between two calls."""


SAME = Scene()
FORGIVING = Scene(success=(0.98, 0.80, 0.65, 0.50), defect=(0.0, 0.004, 0.01, 0.018))
LONG = Scene(milestones=45.0, middle=0.5, level=0.45, gap=90.0)
SCENES = {"same": SAME, "forgiving": FORGIVING, "long": LONG}


@dataclass(frozen=True)
class Runs:
    """Everything about R runs that is settled before the first decision; luck goes by absolute step."""

    scene: Scene
    milestones: np.ndarray
    """int64[R]."""
    need: np.ndarray
    """float64[R, most milestones], beyond a run's own 0."""
    solvable: np.ndarray
    """bool[R]."""
    first_prompt: np.ndarray
    """int64[R], tokens of tier high."""
    success: np.ndarray
    """float64[R, MOST_STEPS], uniform; so are the next two."""
    defect: np.ndarray
    bump: np.ndarray
    recovery: np.ndarray
    """int64[R, MOST_STEPS], in 0..2."""
    output: np.ndarray
    """int64[R, MOST_STEPS], tokens of tier high; so is observation."""
    observation: np.ndarray
    gap: np.ndarray
    """float64[R, MOST_STEPS], seconds."""
    cue: np.ndarray
    """float64[R, MOST_STEPS], noise of the signal."""
    flag: np.ndarray
    """float64[R, MOST_STEPS], uniform: whether the error flag lies."""

    def __len__(self) -> int:
        return len(self.milestones)

    def required(self) -> np.ndarray:
        """int64[R, most milestones]: the tier that each milestone needs."""
        return np.searchsorted(_CUTS, self.need, side="left")


def draw(rng: np.random.Generator, number: int, scene: Scene) -> Runs:
    """`number` runs, drawn one after the other."""
    drawn = [_draw(rng, scene) for _ in range(number)]
    most = max(len(need) for need, *_ in drawn)
    padded = np.array([np.pad(need, (0, most - len(need))) for need, *_ in drawn])
    columns = list(zip(*(rest for _, *rest in drawn), strict=True))
    return Runs(scene, np.array([len(need) for need, *_ in drawn]), padded, *(np.array(column) for column in columns))


def _draw(rng: np.random.Generator, scene: Scene) -> tuple[np.ndarray, ...]:
    number = int(np.clip(round(rng.lognormal(math.log(scene.milestones), 0.30)), 6, 90))
    level = rng.normal()
    place = (np.arange(number) + 0.5) / number
    need = 0.6 * level + scene.middle * (1 - np.abs(2 * place - 1)) - 1.6 * (np.arange(number) == 0)
    need = need + rng.normal(0, 0.8, size=number) + scene.level
    solvable, first = rng.random() < 0.745, int(rng.lognormal(math.log(1900), 0.35))
    success, defect, bump = rng.random((3, MOST_STEPS))
    recovery = rng.integers(0, 3, size=MOST_STEPS)
    output = np.maximum(8, rng.lognormal(math.log(142), 0.95, size=MOST_STEPS).astype(np.int64))
    observation = np.maximum(20, rng.lognormal(math.log(380), 1.1, size=MOST_STEPS).astype(np.int64))
    gap = rng.lognormal(math.log(scene.gap), 1.1, size=MOST_STEPS)
    cue, flag = rng.normal(0, 0.8, size=MOST_STEPS), rng.random(MOST_STEPS)
    return (
        need, np.array(solvable), np.array(first), success, defect, bump, recovery, output, observation, gap, cue, flag
    )  # fmt: skip


class Simulator:
    """All runs in lock step: `active` are asked, `step` takes their tiers."""

    def __init__(self, runs: Runs) -> None:
        number = len(runs)
        self.runs = runs
        self.step_number = 0
        self.active = np.arange(number)
        """int64[asked]: the runs that go on."""
        self.spent = np.zeros(number)
        self.steps = np.zeros(number, dtype=np.int64)
        self.resolved = np.zeros(number, dtype=bool)
        self.submitted = np.zeros(number, dtype=bool)
        self.calls = np.zeros((number, 4), dtype=np.int64)
        self._done = np.zeros(number, dtype=np.int64)
        self._pending = np.zeros(number, dtype=np.int64)
        self._bump = np.zeros(number, dtype=np.int64)
        self._defect = np.zeros(number, dtype=bool)
        self.prompt = runs.first_prompt.copy()
        self._clock = np.zeros(number)
        self._cached = np.zeros((number, 4), dtype=np.int64)
        self._used = np.full((number, 4), -np.inf)
        self._error_flag = np.zeros(number)
        self._last_observation = np.zeros(number, dtype=np.int64)
        self._last_output = np.zeros(number, dtype=np.int64)
        self._required = runs.required()
        self._success = np.array(runs.scene.success)
        self._chance = np.array(runs.scene.defect)

    @property
    def required(self) -> np.ndarray:
        """int64[active]: the tier that the next call needs."""
        rows = self.active
        milestone = np.minimum(3, self._required[rows, self._done[rows]] + self._bump[rows])
        return np.where(self._pending[rows] > 0, 1, milestone)

    @property
    def prompt_tokens(self) -> np.ndarray:
        """int64[active, 4]: this prompt by each tier's tokenizer."""
        return tiers.tier_tokens(self.prompt[self.active])

    @property
    def cached_tokens(self) -> np.ndarray:
        """int64[active, 4]: tokens of this prompt that each tier would read from its cache."""
        rows = self.active
        fresh = self._clock[rows][:, None] - self._used[rows] <= TIME_TO_LIVE
        return np.where(fresh, np.minimum(self._cached[rows], self.prompt_tokens), 0)

    @property
    def cache_age(self) -> np.ndarray:
        """float64[active, 4]: seconds since each tier was used, -1 for never."""
        rows = self.active
        used = self._used[rows]
        return np.where(np.isinf(used), -1.0, self._clock[rows][:, None] - np.where(np.isinf(used), 0.0, used))

    @property
    def signal(self) -> np.ndarray:
        """float64[active, 6]: a noisy cue of the need, ln prompt, step, last error flag, ln(1 + last observation),
        ln(1 + last output)."""
        rows = self.active
        cue = np.where(self._pending[rows] > 0, -1.5, self.runs.need[rows, self._done[rows]] + 0.7 * self._bump[rows])
        return np.stack(
            [
                cue + self.runs.cue[rows, self.step_number], np.log(self.prompt[rows]),
                np.full(len(rows), float(self.step_number)), self._error_flag[rows],
                np.log1p(self._last_observation[rows]), np.log1p(self._last_output[rows]),
            ],
            axis=1,
        )  # fmt: skip

    def step(self, chosen: np.ndarray) -> dict[str, np.ndarray]:
        """Take one call of each active run; chosen: int64[active], -1 for a failed decision: paid at high, in vain.

        Returns what the router may learn of its call, by name.
        """
        runs, rows, step = self.runs, self.active, self.step_number
        failed, tier, at = chosen < 0, np.where(chosen < 0, tiers.HIGH, chosen), np.arange(len(rows))
        prompt, read = self.prompt_tokens[at, tier], self.cached_tokens[at, tier]
        output, observation = runs.output[rows, step], runs.observation[rows, step]
        cost = tiers.call_cost(tiers.POOL_PRICES, tier, read, prompt - read, output)
        self.spent[rows] += cost
        self.steps[rows] += 1
        self.calls[rows, tier] += 1
        self._cached[rows, tier], self._used[rows, tier] = prompt, self._clock[rows]
        flagged = self._advance(rows, step, tier, failed)
        self._error_flag[rows], self._last_observation[rows], self._last_output[rows] = flagged, observation, output
        self.prompt[rows] += output + observation
        self._clock[rows] += runs.gap[rows, step]
        self.step_number += 1
        self._stop(rows)
        return {
            "tier": tier, "cost_usd": cost, "cache_read_tokens": read, "cache_write_tokens": prompt - read,
            "output_tokens": output, "observation_tokens": observation, "error_flag": flagged,
        }  # fmt: skip

    def _advance(self, rows: np.ndarray, step: int, tier: np.ndarray, failed: np.ndarray) -> np.ndarray:
        """Progress of the runs; int64[active], the error flags that they show."""
        runs = self.runs
        recovering = self._pending[rows] > 0
        short = np.maximum(0, self.required - tier)
        tried = ~recovering
        good = tried & ~failed & (runs.success[rows, step] < self._success[short])
        bad = tried & ~good
        self._defect[rows] |= good & (runs.defect[rows, step] < self._chance[short])
        self._pending[rows] -= recovering & ~failed
        self._pending[rows[bad]] = runs.recovery[rows[bad], step] + 1
        self._done[rows] += good
        self._bump[rows] = np.where(good, 0, np.where(bad & (runs.bump[rows, step] < 0.3), 1, self._bump[rows]))
        flag: np.ndarray = bad ^ (runs.flag[rows, step] < 0.12)
        return flag.astype(np.int64)

    def _stop(self, rows: np.ndarray) -> None:
        submitted = self._done[rows] == self.runs.milestones[rows]
        limited = (self.step_number >= MOST_STEPS) | (self.spent[rows] >= MOST_DOLLARS)
        self.submitted[rows] = submitted
        self.resolved[rows] = submitted & self.runs.solvable[rows] & ~self._defect[rows]
        self.active = rows[~submitted & ~limited]


def play(runs: Runs, decide: Callable[[Simulator], np.ndarray]) -> Simulator:
    """Run all to their end; decide: int64[active] of the simulator."""
    simulator = Simulator(runs)
    while len(simulator.active):
        simulator.step(decide(simulator))
    return simulator


def least_bill(runs: Runs, penalty: float) -> np.ndarray:
    """float64[R], dollars that no policy can go below: one call a milestone, each at the cheapest tier with a warm
    cache, and the penalty where a run cannot be solved.

    A run can also be given up for the price of no call at all plus the penalty, so the smaller of both counts.
    """
    number, steps = len(runs), np.arange(runs.need.shape[1])
    grown = (runs.output + runs.observation)[:, : len(steps)]
    prompts = runs.first_prompt[:, None] + np.concatenate(
        [np.zeros((number, 1), dtype=np.int64), np.cumsum(grown, axis=1)[:, :-1]], axis=1
    )
    tokens = tiers.tier_tokens(prompts)
    before = np.concatenate([np.zeros((number, 1, 4), dtype=np.int64), tokens[:, :-1]], axis=1)
    prices = tiers.POOL_PRICES
    output = runs.output[:, : len(steps), None] * prices[:, tiers.OUTPUT]
    cost = (before * prices[:, tiers.READ] + (tokens - before) * prices[:, tiers.WRITE] + output) / 1e6
    whole = (cost.min(axis=2) * (steps < runs.milestones[:, None])).sum(axis=1) + penalty * ~runs.solvable
    least: np.ndarray = np.minimum(whole, penalty)
    return least
