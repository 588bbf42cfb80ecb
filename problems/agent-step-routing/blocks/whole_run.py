"""Which kind of run is this? A tier for runs that look long or hard from their first prompt, another for the rest."""

import math

import numpy as np

from adrs_helpers.blocks import choice, integer, real
from adrs_helpers.regression import logistic, sigmoid

ENOUGH = integer(1, 3, 3)
THRESHOLD = real(0.05, 0.95, 0.4)
LATER = real(0.05, 0.95, 0.4)
STRENGTH = real(0.003, 30.0, 0.3)
EASY = integer(0, 2, 0)
HARD_TIER = integer(2, 3, 3)

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
    """The chance that a call's run has a call, from this one on, that needs a high tier."""
    rows = zip(train["messages"], train["prompt_tokens"].tolist(), train["step"].tolist(), strict=True)
    x = np.array([describe(messages, prompt, step) for messages, prompt, step in rows])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    x = (x - mean) / spread
    hard = train["tier"] >= ENOUGH
    run = train["trajectory"]
    last = np.array([max(train["step"][(run == number) & hard], default=0) for number in range(run.max() + 1)])
    ahead = choice(last[run] >= train["step"], hard)
    return mean, spread, logistic(x, ahead[:, None].astype(float), STRENGTH)


def reset(model, episode):
    return {"tier": EASY}


def route(model, state, request):
    mean, spread, (slopes, intercepts) = model
    x = (describe(request["messages"], request["prompt_tokens"].tolist(), request["step"]) - mean) / spread
    chance = float(sigmoid(x @ slopes + intercepts)[0])
    if request["step"] == 1:
        return choice(EASY, HARD_TIER if chance > THRESHOLD else EASY)
    if chance > LATER:
        state["tier"] = HARD_TIER
    return state["tier"]
