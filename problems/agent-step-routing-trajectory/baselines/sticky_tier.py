"""Up at once, down only where the saving over five more calls exceeds writing the prompt anew."""

import numpy as np

from adrs_helpers.regression import softmax, softmax_regression


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
    return {"tier": -1}


def route(model, state, request):
    wanted = min(3, int((np.cumsum(chances(model, request["signal"])) < 0.8).sum()))
    tier, prices, prompt = state["tier"], request["prices"], request["prompt_tokens"]
    if 0 <= wanted < tier:
        cold = prompt[wanted] - request["cache"]["cached_tokens"][wanted]
        saving = 5 * (prompt[tier] * prices[tier, 1] - prompt[wanted] * prices[wanted, 1])
        if saving <= cold * prices[wanted, 2]:
            wanted = tier
    state["tier"] = wanted
    return wanted
