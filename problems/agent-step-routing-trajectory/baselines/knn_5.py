"""The commonest required tier of the 5 nearest calls by signal; ties to the higher.

One recorded call in four is looked at.
"""

import numpy as np


def fit(train):
    signal = train["signal"][::4]
    mean, spread = signal.mean(axis=0), signal.std(axis=0) + 1e-9
    return mean, spread, (signal - mean) / spread, train["tier"][::4]


def route(model, state, request):
    mean, spread, known, tier = model
    distance = ((known - (request["signal"] - mean) / spread) ** 2).sum(axis=1)
    votes = np.bincount(tier[np.argpartition(distance, 5)[:5]], minlength=4)
    return 3 - int(votes[::-1].argmax())
