"""The likeliest tier by multinomial logistic regression on statistics of the prompt."""

import math

import numpy as np

from adrs_helpers.regression import softmax, softmax_regression

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
    return mean, spread, softmax_regression((x - mean) / spread, train["tier"], 4)


def chances(model, request):
    mean, spread, beta = model
    x = describe(request["messages"], request["prompt_tokens"].tolist(), request["step"])
    return softmax(((x - mean) / spread) @ beta[:-1] + beta[-1])


def route(model, state, request):
    return int(chances(model, request).argmax())
