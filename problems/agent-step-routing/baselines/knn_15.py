"""The commonest tier of the 15 nearest calls by hash features; ties to the higher."""

import numpy as np

from adrs_helpers.regression import nearest


def fit(train):
    return train["features"], train["tier"]


def route(model, state, request):
    features, tier = model
    votes = np.bincount(tier[nearest(features, request["features"], 15)], minlength=4)
    return 3 - int(votes[::-1].argmax())
