"""A quantile of the required tier, not below a floor, with a cue that is smoothed and pushed by error flags."""

import numpy as np

from adrs_helpers.blocks import integer, real
from adrs_helpers.regression import softmax, softmax_regression

THETA = real(0.3, 0.97, 0.8)
FLOOR = integer(0, 3, 2)
MEMORY = real(0.0, 0.9, 0.3)
PUSH = real(0.0, 1.5, 0.3)
SWITCH = real(0.0, 0.5, 0.1)


def describe(signal):
    cue, prompt, step, flag, observation, output = signal[..., :6].T
    columns = [cue, cue * cue, cue**3, prompt, np.log1p(step), step / 30.0, flag, flag * cue, observation, output]
    return np.stack(columns, axis=-1)


def learn(signal, tier):
    x = describe(signal)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    return mean, spread, softmax_regression((x - mean) / spread, tier, 4)


def chances(learnt, signal):
    mean, spread, beta = learnt
    return softmax(((describe(signal) - mean) / spread) @ beta[:-1] + beta[-1])


def fit(train):
    return learn(train["signal"], train["tier"])


def reset(model, episode):
    return {"cue": None, "tier": -1}


def route(model, state, request):
    signal = request["signal"].copy()
    if state["cue"] is not None:
        signal[0] += MEMORY * (state["cue"] - signal[0])
    state["cue"] = signal[0]
    signal[0] += PUSH * signal[3]
    known = np.cumsum(chances(model, signal))
    theta = THETA + SWITCH if state["tier"] == 3 else THETA
    state["tier"] = min(3, max(FLOOR, int((known < theta).sum())))
    return state["tier"]
