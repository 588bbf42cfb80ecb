"""Synthetic banks of recorded agent calls with the shape of TwinRouterBench's public corpus (arXiv 2605.18859).

970 rows, 520 trajectories, labels by workload: its tables A2 and A3. Texts are words to measure; token counts are data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.routing import query_words, text_features, tiers
from evaluators.routing.agent_accounting import Facts

HARD_WORDS = tuple(
    f"{word}"
    for word in (
        "traceback", "assertion", "race", "deadlock", "invariant", "regression", "segfault", "recursion", "overflow",
        "corruption", "mutex", "serialization", "deprecation", "nondeterministic", "timezone", "inheritance",
    )
)  # fmt: skip
Message = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """One workload of the corpus; lengths in tokens of tier high."""

    name: str
    trajectories: int
    labels: tuple[int, int, int, int]
    """Rows by label."""
    system: tuple[float, float]
    """Median and sigma of the system message, which overlap between workloads: no length tells which one it is."""
    user: tuple[float, float]
    """The same of the first user message."""
    output: tuple[float, float] = (60.0, 0.7)
    observation: tuple[float, float] = (60.0, 0.6)
    lengths: tuple[int, ...] = (1,)
    """Of trajectories, drawn from these."""
    null_share: float = 0.0
    """Of assistant messages without content."""
    block_share: float = 0.0
    """Of contents that are lists of blocks."""

    @property
    def rows(self) -> int:
        """Calls."""
        return sum(self.labels)


SHAPES = (
    Shape("swebench", 40, (94, 33, 41, 168), (420, 0.5), (950, 0.45), (127, 1.0), (300, 1.15),
          (5, 6, 7, 8, 9, 9, 9, 10, 10, 11, 13), null_share=0.17),
    Shape("bfcl", 130, (239, 8, 1, 0), (750, 0.3), (700, 0.6), (55, 0.7), (60, 0.6)),
    Shape("mtrag", 193, (183, 8, 1, 1), (120, 0.5), (1700, 0.5)),
    Shape("qmsum", 145, (132, 10, 3, 0), (40, 0.5), (2900, 1.0)),
    Shape("pinchbench", 12, (41, 3, 3, 1), (8600, 0.1), (700, 0.4), (150, 0.9), (550, 0.8),
          (2, 3, 4, 4, 4, 6, 7), block_share=0.25),
)  # fmt: skip
_TURN = 72
"""Tokens of each earlier turn of mtrag."""
_LEAST_LENGTH, _MOST_LENGTH = 2, 15


@dataclass(frozen=True)
class Bank:
    """Recorded calls: what is known of them, and what a router is shown."""

    facts: Facts
    messages: Sequence[Sequence[Message]]
    """The prompt of each call."""
    features: np.ndarray
    """float64[N, 256], hash features of the last two messages."""
    tools: Sequence[Sequence[Message]] = ()
    """Descriptions of the tools of each call; empty where no call has any."""


def draw(rng: np.random.Generator, heavy: bool = False) -> Bank:
    """A bank; heavy: longer software engineering runs, half of the others, some histories compacted."""
    rows: list[_Row] = []
    for shape in SHAPES:
        lengths = _lengths(rng, shape, heavy)
        need = _needs(rng, lengths)
        labels = _labels(shape, need, heavy)
        rows += _write(rng, shape, lengths, need, labels, heavy)
    facts = Facts(
        [row.instance for row in rows], [row.workload for row in rows], np.array([row.step for row in rows]),
        np.array([row.label for row in rows]), tiers.tier_tokens(np.array([row.tokens for row in rows])),
        np.array([row.prefix for row in rows]), np.array([row.output for row in rows]),
    )  # fmt: skip
    messages = [row.messages for row in rows]
    return Bank(facts, messages, text_features.hash_features_of([last_texts(found) for found in messages]))


@dataclass
class _Row:
    instance: str
    workload: str
    step: int
    label: int
    tokens: int
    prefix: bool
    output: int
    messages: list[Message]


def _lengths(rng: np.random.Generator, shape: Shape, heavy: bool) -> np.ndarray:
    """int64[trajectories]."""
    if heavy:
        if shape.name == "swebench":
            return rng.integers(10, 31, size=2 * shape.trajectories)
        return _lengths(rng, shape, heavy=False)[: shape.trajectories // 2]
    if shape.name == "bfcl":
        long = 29
        lengths = np.ones(shape.trajectories, dtype=np.int64)
        lengths[:long] = 2
        extra = rng.integers(0, long, size=shape.rows - int(lengths.sum()))
        lengths[:long] += np.bincount(extra, minlength=long)
        return rng.permutation(lengths)
    lengths = rng.choice(np.array(shape.lengths), size=shape.trajectories)
    while (missing := shape.rows - int(lengths.sum())) != 0:
        at, step = int(rng.integers(shape.trajectories)), int(np.sign(missing))
        if _LEAST_LENGTH <= lengths[at] + step <= _MOST_LENGTH:
            lengths[at] += step
    return lengths


def _needs(rng: np.random.Generator, lengths: np.ndarray) -> np.ndarray:
    """float64[rows]: middle steps are hard, first steps easy."""
    of_run = np.repeat(rng.normal(size=len(lengths)), lengths)
    number = np.repeat(lengths, lengths)
    step = np.concatenate([np.arange(length) + 1 for length in lengths.tolist()])
    long = number > 1
    middle = 1 - np.abs(2 * (step - 0.5) / number - 1)
    noise = rng.normal(0, 0.6, size=len(step))
    need: np.ndarray = 0.8 * of_run + 1.2 * middle * long - 1.5 * ((step == 1) & long) + noise
    return need


def _labels(shape: Shape, need: np.ndarray, heavy: bool) -> np.ndarray:
    """int64[rows]: rows ranked by need get the labels low to high in the corpus' counts, or shares."""
    counts = np.array(shape.labels)
    if heavy:
        ends = np.round(np.cumsum(counts) / counts.sum() * len(need)).astype(np.int64)
        counts = np.diff(ends, prepend=0)
    labels = np.empty(len(need), dtype=np.int64)
    labels[np.argsort(need, kind="stable")] = np.repeat(np.arange(4), counts)
    return labels


def _write(
    rng: np.random.Generator, shape: Shape, lengths: np.ndarray, need: np.ndarray, labels: np.ndarray, heavy: bool
) -> list[_Row]:
    spread = float(need.std()) or 1.0
    standard = (need - need.mean()) / spread
    quality = 0.55 * labels + 0.3 * standard + rng.normal(0, 0.9, size=len(need))
    hard = np.clip(0.03 + 0.02 * quality, 0.002, 0.2)
    rows: list[_Row] = []
    for number, length in enumerate(lengths.tolist()):
        rows += _trajectory(rng, shape, number, labels[len(rows) :], hard[len(rows) :], length, heavy)
    return rows


def _trajectory(
    rng: np.random.Generator, shape: Shape, number: int, labels: np.ndarray, hard: np.ndarray, length: int, heavy: bool
) -> list[_Row]:
    """The rows of one run; labels and shares of hard words begin with its own."""
    instance = f"{shape.name}-{number:04d}"
    messages, tokens = _opening(rng, shape, float(hard[0]))
    rows: list[_Row] = []
    outputs = [int(rng.lognormal(math.log(shape.output[0]), shape.output[1])) + 4 for _ in range(length - 1)]
    outputs.append(int(sum(outputs) / len(outputs)) if outputs else 500)
    for step in range(length):
        prefix = step > 0
        if step > 0:
            seen = max(3, int(rng.lognormal(math.log(shape.observation[0]), shape.observation[1])))
            answer = _assistant(rng, shape, outputs[step - 1], f"call_{step}")
            text = _words(rng, seen, float(hard[step]))
            observation = {"role": "tool", "content": _content(rng, shape, text), "tool_call_id": f"call_{step}"}
            messages = [*messages, answer, observation]
            tokens += outputs[step - 1] + seen + 8
            if heavy and rng.random() < 0.05:
                prefix, tokens = False, tokens // 2
                messages = [messages[0], {"role": "user", "content": _words(rng, tokens // 2, 0.03)}, *messages[-2:]]
        rows.append(
            _Row(instance, shape.name, step + 1, int(labels[step]), tokens, prefix, outputs[step], messages)
        )  # fmt: skip
    return rows


def _opening(rng: np.random.Generator, shape: Shape, hard: float) -> tuple[list[Message], int]:
    system, user = (int(rng.lognormal(math.log(median), sigma)) for median, sigma in (shape.system, shape.user))
    messages: list[Message] = [{"role": "system", "content": _words(rng, system, 0.0)}]
    tokens = system + user
    if shape.name == "mtrag":
        for turn in range(int(rng.integers(1, 8))):
            messages.append({"role": ("user", "assistant")[turn % 2], "content": _words(rng, _TURN, 0.0)})
            tokens += _TURN
    messages.append({"role": "user", "content": _words(rng, user, hard)})
    return messages, tokens


def _assistant(rng: np.random.Generator, shape: Shape, words: int, call: str) -> Message:
    arguments = _words(rng, max(1, words // 2), 0.0)
    said: Any = None if rng.random() < shape.null_share else _content(rng, shape, _words(rng, words // 2, 0.0))
    tool = {"id": call, "type": "function", "function": {"name": "run", "arguments": arguments}}
    return {"role": "assistant", "content": said, "tool_calls": [tool]}


def _content(rng: np.random.Generator, shape: Shape, text: str) -> Any:
    return [{"type": "text", "text": text}] if rng.random() < shape.block_share else text


_VOCABULARY = (*query_words.COMMON_WORDS, *HARD_WORDS)


def _words(rng: np.random.Generator, number: int, hard: float) -> str:
    """A text of so many words, of which a share is from HARD_WORDS."""
    common = len(query_words.COMMON_WORDS)
    pick = rng.random(number)
    chosen = np.where(
        rng.random(number) < hard, common + (pick * len(HARD_WORDS)).astype(np.int64), (pick * common).astype(np.int64)
    )
    return " ".join([_VOCABULARY[word] for word in chosen.tolist()])


def last_texts(messages: Sequence[Message]) -> str:
    """The text of the last two messages."""
    return "\n".join(text_of(message.get("content")) for message in messages[-2:])


def text_of(content: Any) -> str:
    """A content as text: blocks joined by newlines, nothing for null."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else "" for part in content)
    return "\n".join(part for part in parts if isinstance(part, str))
