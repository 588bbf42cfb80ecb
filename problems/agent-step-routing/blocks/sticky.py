"""The running maximum, or mean, of a quantile tier, with the chances sharpened by what the run showed so far."""

import math

import numpy as np

from adrs_helpers.blocks import choice, real
from adrs_helpers.regression import softmax, softmax_regression

THETA = real(0.3, 0.97, 0.75)
FIRST = real(0.3, 0.97, 0.8)
MEMORY = real(0.0, 0.98, 0.0)
STRENGTH = real(0.003, 30.0, 1.0)
SLACK = real(0.0, 3.0, 0.0)

WORDS = (
    "traceback assertion race deadlock invariant regression segfault recursion overflow corruption mutex "
    "serialization deprecation nondeterministic timezone inheritance"
)
HARD = frozenset(WORDS.split())


def text_of(content):
    if isinstance(content, str):
        return content
    return " ".join(block.get("text") or "" for block in content or [] if isinstance(block, dict))


def describe(messages, prompt, step):
    """Statistics of a call: lengths, place in the run, telling words in what came last; with squares."""
    words = text_of(messages[-1].get("content")).lower().split()
    hard = sum(word in HARD for word in words)
    system = len(text_of(messages[0].get("content")))
    values = [
        math.log(prompt[3] + 1.0),
        math.log(len(words) + 1.0),
        math.log(system + 1.0),
        float(len(messages)),
        math.log(len(messages)),
        float(step),
        math.log(step),
        float(step == 1),
        math.log(hard + 1.0),
        (hard + 0.5) / (len(words) + 10.0) ** 0.75,
        float(messages[-1]["role"] == "tool"),
    ]
    values += [value * value for value in values]
    return np.array(values)


def fit(train):
    rows = zip(train["messages"], train["prompt_tokens"].tolist(), train["step"].tolist(), strict=True)
    x = np.array([describe(messages, prompt, step) for messages, prompt, step in rows])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    return mean, spread, softmax_regression((x - mean) / spread, train["tier"], 4, STRENGTH)


def reset(model, episode):
    return {"tier": 0, "score": None}


def route(model, state, request):
    mean, spread, beta = model
    x = describe(request["messages"], request["prompt_tokens"].tolist(), request["step"])
    score = ((x - mean) / spread) @ beta[:-1] + beta[-1]
    if state["score"] is not None:
        score = score + MEMORY * (state["score"] - score)
    state["score"] = score
    theta = FIRST if request["step"] == 1 else THETA
    wanted = min(3, int((np.cumsum(softmax(score)) < theta).sum()))
    if wanted >= state["tier"] - SLACK:
        state["tier"] = choice(max(state["tier"], wanted), wanted)
    return state["tier"]
