"""The tier with the least expected cost: of the call with its caches, of repeating it, and of a defect."""

import numpy as np

from adrs_helpers.blocks import real
from adrs_helpers.regression import softmax, softmax_regression

DEFECT_PRICE = real(0.2, 4.0, 1.5)
REPEATS = real(0.5, 6.0, 2.0)
OUTPUT = real(50.0, 600.0, 220.0)
STAY = real(0.0, 1.5, 0.5)
MEMORY = real(0.0, 0.9, 0.2)
STRENGTH = real(0.01, 10.0, 1.0)
SUCCESS = np.array([0.98, real(0.4, 0.9, 0.6), real(0.2, 0.8, 0.35), real(0.1, 0.7, 0.2)])
DEFECT = np.array([0.0, 0.03, 0.05, 0.08])
SHORT = np.maximum(0, np.arange(4)[None, :] - np.arange(4)[:, None])


def describe(signal):
    cue, prompt, step, flag, observation, output = signal[..., :6].T
    columns = [cue, cue * cue, cue**3, prompt, np.log1p(step), step / 30.0, flag, flag * cue, observation, output]
    return np.stack(columns, axis=-1)


def learn(signal, tier):
    x = describe(signal)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    return mean, spread, softmax_regression((x - mean) / spread, tier, 4, STRENGTH)


def chances(learnt, signal):
    mean, spread, beta = learnt
    return softmax(((describe(signal) - mean) / spread) @ beta[:-1] + beta[-1])


def fit(train):
    return learn(train["signal"], train["tier"])


def reset(model, episode):
    return {"cue": None}


def route(model, state, request):
    signal = request["signal"].copy()
    if state["cue"] is not None:
        signal[0] += MEMORY * (state["cue"] - signal[0])
    state["cue"] = signal[0]
    required = chances(model, signal)
    prices, prompt = request["prices"], request["prompt_tokens"]
    cached = request["cache"]["cached_tokens"]
    output = OUTPUT * prices[:, 3]
    warm = (prompt * prices[:, 1] + output) / 1e6
    cold = (cached * prices[:, 1] + (prompt - cached) * prices[:, 2] + output) / 1e6
    calls = (required / SUCCESS[SHORT]).sum(axis=1)
    defect = (required * DEFECT[SHORT]).sum(axis=1)
    expected = STAY * cold + (1.0 - STAY) * warm + REPEATS * (calls - 1.0) * (warm) + DEFECT_PRICE * defect
    return int(expected.argmin())
