"""The recorded track of agent-step-routing: a tier for every call of a bank, with the cache that the choices leave."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from adrs.evaluation import Metrics, Policy, Shared
from evaluators.routing import (
    agent_accounting,
    agent_bank,
    agent_questions,
    asking,
    intervals,
    splits,
    text_features,
    tiers,
)
from evaluators.routing.agent_accounting import ERROR, TIME_TO_LIVE, Facts
from evaluators.routing.agent_accounting import Path as TierPath
from evaluators.routing.agent_bank import Bank, Message
from evaluators.routing.files import Record, distinct, read_records
from evaluators.routing.masking import masked, masked_tools

_FIELDS = ("role", "content", "tool_calls", "tool_call_id", "name")
_SEED_LIMIT = 2**63
_UNKNOWN_OUTPUT = 500
"""Tokens of an answer where none is recorded."""


@dataclass(frozen=True)
class Task:
    """One workload."""

    fit: Bank
    bank: Bank

    @cached_property
    def shown(self) -> list[list[Message]]:
        """The messages of each call as a policy sees them."""
        return masked(self.bank.messages)

    @cached_property
    def shown_tools(self) -> list[list[Message]]:
        """Likewise the tools."""
        return [masked_tools(tools) for tools in self.bank.tools]

    @cached_property
    def train(self) -> dict[str, Any]:
        """What `fit` is given."""
        facts = self.fit.facts
        return {
            "messages": masked(self.fit.messages), "features": self.fit.features, "prompt_tokens": facts.prompt,
            "step": facts.step, "trajectory": facts.trajectory, "tier": facts.label,
            "prices": tiers.STATIC_PRICES,
        }  # fmt: skip

    @cached_property
    def bound(self) -> float:
        """A Combined that nothing can beat."""
        return agent_accounting.upper_bound(self.bank.facts)


@dataclass(frozen=True)
class Played:
    """The tiers of a bank's calls."""

    chosen: np.ndarray
    """int64[N]; ERROR where a decision failed."""
    seconds: np.ndarray
    """float64[N], CPU seconds of the calls, as the policy's process says."""
    late: np.ndarray
    """bool[trajectories]: whether a call took too long."""


def play(policy: Policy, task: Task, seed: int, trajectories: np.ndarray) -> Played:
    """Ask for every call of some trajectories, int64, in that order, all of them in lock step. Raises Failed."""
    facts = task.bank.facts
    path = TierPath(facts)
    spent = np.zeros(int(facts.trajectory.max()) + 1)
    seeds = np.random.default_rng(seed).integers(0, _SEED_LIMIT, size=len(facts))
    place = np.full(len(spent), -1)
    place[trajectories] = np.arange(len(trajectories))
    tally = asking.Tally(len(facts))
    chosen, seconds, late = np.full(len(facts), ERROR), np.zeros(len(facts)), np.zeros(len(spent), dtype=bool)
    policy.reset(seed, len(trajectories))
    policy.call("fit", task.train)
    policy.map("reset", episodes(len(trajectories), tiers.STATIC_PRICES, {}))
    for rows in facts.positions:
        asked = rows[place[facts.trajectory[rows]] >= 0]
        asked = asked[np.argsort(place[facts.trajectory[asked]])]
        if not len(asked):
            continue
        for start in range(0, len(asked), asking.BATCH):
            batch = asked[start : start + asking.BATCH]
            attempts = policy.attempt(
                "route", _requests(task, path, spent, seeds, batch), scenarios=place[facts.trajectory[batch]].tolist(),
                seconds=asking.CALL_SECONDS, most_failures=tally.left,
            )  # fmt: skip
            tally.add(attempts)
            seconds[batch] = attempts.seconds
            late[facts.trajectory[batch]] |= asking.late(attempts)
            if attempts.answers is not None:
                chosen[batch[attempts.succeeded]] = attempts.answers
        failed = chosen[asked] == ERROR
        tier = np.where(failed, tiers.HIGH, chosen[asked])
        path.call(asked, tier, np.zeros(len(asked), dtype=bool), tier)
        spent[facts.trajectory[asked]] += path.cost[asked]
    return Played(chosen, seconds, late)


def episodes(number: int, prices: np.ndarray, limits: dict[str, Any]) -> dict[str, Any]:
    """What `reset` is given of each of `number` episodes."""
    return {
        "prices": np.tile(prices, (number, 1, 1)),
        "limits": [limits] * number,
        "tiers": np.full(number, len(tiers.NAMES)),
    }


def _requests(task: Task, path: TierPath, spent: np.ndarray, seeds: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    facts = task.bank.facts
    return {
        "messages": [task.shown[row] for row in rows.tolist()],
        "tools": [task.shown_tools[row] for row in rows.tolist()] if task.bank.tools else Shared([]),
        "message_count": np.array([len(task.shown[row]) for row in rows.tolist()], dtype=np.int64),
        "features": task.bank.features[rows],
        "step": facts.step[rows],
        "prices": Shared(tiers.STATIC_PRICES),
        "prompt_tokens": facts.prompt[rows],
        "cache": {
            "cached_tokens": path.readable(rows),
            "age": path.age(rows),
            "time_to_live": float(TIME_TO_LIVE),
        },
        "spent_usd": spent[facts.trajectory[rows]],
        "seed": seeds[rows],
    }


def measure(task: Task, chosen: np.ndarray) -> Metrics:
    """Metrics of tiers, int64[N], ERROR where a decision failed; percent."""
    facts = task.bank.facts
    ours = {name: float(value) for name, value in _combined(facts, chosen, official=False).items()}
    official = _combined(facts, chosen, official=True)
    shares = np.bincount(np.where(chosen < 0, tiers.HIGH, chosen), minlength=4) / len(chosen)
    below = (chosen >= 0) & (chosen < facts.label)
    used = ", ".join(f"{name} {share:.0%}" for name, share in zip(tiers.NAMES, shares.tolist(), strict=True))
    return Metrics(
        **{name: value for name, value in ours.items() if np.isfinite(value)},
        cost_save_official=float(np.nan_to_num(official["cost_save"])),
        bounds={"combined": task.bound},
        feedback=(
            f"calls at {used}; {below.mean():.1%} of the calls got too low a tier, which fails whole trajectories; "
            f"{(chosen > facts.label).mean():.1%} a higher one than they needed"
        ),
    )


def _combined(facts: Facts, chosen: np.ndarray, official: bool) -> dict[str, np.ndarray]:
    return agent_accounting.combine(agent_accounting.grade(facts, chosen, official).sums().sum(axis=0))


def resampled(task: Task, chosen: np.ndarray, official: bool = False) -> dict[str, np.ndarray]:
    """Metrics on resampled trajectories, float64[replicates] by name, with the same draws for all tiers."""
    facts = task.bank.facts
    counts = intervals.draws(int(facts.trajectory.max()) + 1)
    return agent_accounting.combine(counts @ agent_accounting.grade(facts, chosen, official).sums())


def add_intervals(metrics: Metrics, task: Task, chosen: np.ndarray, theirs: np.ndarray) -> None:
    """Add 95 % intervals over trajectories of all metrics, and of Combined's difference to the baseline's.

    theirs: float64[replicates], the baseline's Combined on resampled trajectories.
    """
    found = resampled(task, chosen)
    found["cost_save_official"] = resampled(task, chosen, official=True)["cost_save"]
    intervals.add(metrics, found, theirs, "combined")


def workload_rule(facts: Facts) -> np.ndarray:
    """int64[N], a reference that reads what no policy is shown: software engineering at high, all else at low."""
    return np.array([tiers.HIGH if name == "swebench" else tiers.LOW for name in facts.workload])


def read_bank(path: Path) -> Bank:
    """A question bank in the public schema, JSON Lines or a list. Raises UserError that names the row.

    Keys of a row: `id`, `benchmark`, `instance_id`, `step_index`, `gold_tier_id`, `messages`, `tools`. Tokens are
    counted as pieces of text, times what each tier's tokenizer makes of those of tier high; where token facts are
    known, give them to `adrs score`. What a call answered is read off the messages of the one after it.
    """
    rows = read_records(path)
    distinct(rows, "id")
    questions = [agent_questions.read(row) for row in rows]
    prompts = [[_message(record) for record in row.parts("messages")] for row in rows]
    tools = [found if isinstance(found := row.fields.get("tools"), list) else [] for row in rows]
    tokens = tiers.tier_tokens(np.array([_tokens(messages) + 2 for messages in prompts]))
    nothing = np.zeros(len(rows), dtype=np.int64)
    unknown = agent_questions.facts(questions, tokens, np.zeros(len(rows), dtype=bool), nothing)
    prefix = np.array(
        [before >= 0 and _is_prefix(prompts[before], prompts[row]) for row, before in enumerate(unknown.previous)]
    )
    facts = agent_questions.facts(questions, tokens, prefix, _outputs(unknown, prompts))
    features = text_features.hash_features_of([agent_bank.last_texts(messages) for messages in masked(prompts)])
    return Bank(facts, prompts, features, tools if any(tools) else ())


def _message(record: Record) -> Message:
    """Raises UserError where its calls are not objects."""
    record.parts("tool_calls", [])
    return dict(record.fields)


def _outputs(facts: Facts, prompts: Sequence[Sequence[Message]]) -> np.ndarray:
    """int64[N], by the tokenizer of each call's label: the assistant's messages that the next call has more than it.

    Of the last call of a trajectory the mean of those above 0, 500 where there are none.
    """
    outputs = np.zeros(len(facts), dtype=np.int64)
    for row, after in enumerate(facts.following.tolist()):
        answers = prompts[after][len(prompts[row]) :] if after >= 0 else []
        said = _tokens([message for message in answers if message.get("role") == "assistant"])
        outputs[row] = tiers.tier_tokens(np.array(said))[facts.label[row]]
    for row in np.flatnonzero(facts.following < 0).tolist():
        others = outputs[(facts.trajectory == facts.trajectory[row]) & (facts.following >= 0)]
        outputs[row] = int(others[others > 0].mean()) if (others > 0).any() else _UNKNOWN_OUTPUT
    return outputs


def split(bank: Bank) -> tuple[Bank, Bank]:
    """Calls to fit to, of the splits train and validation, and calls to ask for, of the split test: whole trajectories,
    dealt by workload and highest label."""
    facts = bank.facts
    highest = np.zeros(int(facts.trajectory.max()) + 1, dtype=np.int64)
    np.maximum.at(highest, facts.trajectory, facts.label)
    strata = [f"{name} {highest[number]}" for name, number in zip(facts.workload, facts.trajectory, strict=True)]
    test = np.array([name == "test" for name in splits.deal(facts.trajectory, facts.instance, strata)])
    return _take(bank, np.flatnonzero(~test)), _take(bank, np.flatnonzero(test))


def _take(bank: Bank, rows: np.ndarray) -> Bank:
    chosen = rows.tolist()
    messages, tools = [bank.messages[row] for row in chosen], [bank.tools[row] for row in chosen] if bank.tools else ()
    return Bank(bank.facts.take(rows), messages, bank.features[rows], tools)


def _tokens(messages: Sequence[Message]) -> int:
    """Pieces of text of messages, and four more for each."""
    return sum(4 + len(text_features.pieces(_all_text(message))) for message in messages)


def _all_text(message: Message) -> str:
    calls = [json.dumps(call.get("function"), ensure_ascii=False) for call in message.get("tool_calls") or []]
    return "\n".join([agent_bank.text_of(message.get("content")), *calls])


def _is_prefix(before: Sequence[Message], after: Sequence[Message]) -> bool:
    def key(message: Message) -> list[Any]:
        known = {**message, "content": agent_bank.text_of(message.get("content"))}
        return [known.get(name) for name in _FIELDS]

    return len(before) <= len(after) and all(
        key(left) == key(right) for left, right in zip(before, after, strict=False)
    )
