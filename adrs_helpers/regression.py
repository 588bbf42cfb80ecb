"""Small models that a router can fit in a second: ridge and logistic regression, nearest neighbours, a cost weight.

Everything is numpy on float64 arrays; the work is in its matrix products, so nothing here is compiled.
"""

import math

import numpy as np

LEAST_COST, MOST_COST = 0.0044, 200.0
"""Dollars for 1,000 queries between which RouterArena's cost term lies (arXiv 2510.00202)."""


def ridge(x: np.ndarray, y: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights [F, k] and free intercepts [k] of a ridge regression of y [n, k] on x [n, F]."""
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    centred = x - x_mean
    gram = centred.T @ centred
    gram[np.diag_indices_from(gram)] += alpha
    weights = np.linalg.solve(gram, centred.T @ (y - y_mean))
    return weights, y_mean - x_mean @ weights


def logistic(x: np.ndarray, y: np.ndarray, strength: float = 1.0, steps: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Weights [F, k] and free intercepts [k] of k logistic regressions of y [n, k], in 0..1, on x [n, F].

    An L2 penalty of |w|^2 / 2 stands against `strength` times the log-likelihood; damped Newton steps.
    """
    n, width = x.shape
    design = np.hstack([x, np.ones((n, 1))])
    penalty = np.full(width + 1, 1.0 / strength)
    penalty[-1] = 1e-6
    coefficients = np.zeros((width + 1, y.shape[1]))
    for column in range(y.shape[1]):
        beta = coefficients[:, column]
        for _ in range(steps):
            chance = sigmoid(design @ beta)
            gradient = design.T @ (y[:, column] - chance) - penalty * beta
            curvature = (design * (chance * (1 - chance) + 1e-6)[:, None]).T @ design
            curvature[np.diag_indices_from(curvature)] += penalty
            step = np.linalg.solve(curvature, gradient)
            beta += step * min(1.0, 10.0 / (1e-12 + float(np.abs(step).max())))
            if float(np.abs(step).max()) < 1e-6:
                break
    return coefficients[:-1], coefficients[-1]


def sigmoid(value: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-value)), without overflow."""
    result: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(value, -40.0, 40.0)))
    return result


def nearest(features: np.ndarray, query: np.ndarray, k: int) -> np.ndarray:
    """Indices of the k rows of features [n, F] with the largest product with query [F]; ties by index."""
    similarity = features @ query
    if k >= len(similarity):
        return np.argsort(-similarity, kind="stable")
    near = np.flatnonzero(similarity >= np.partition(similarity, -k)[-k])
    found: np.ndarray = near[np.argsort(-similarity[near], kind="stable")][:k]
    return found


def filled(accuracy: np.ndarray) -> np.ndarray:
    """Accuracy [n, M] with the mean of what was seen of a model where it was not asked (NaN); 0 where it never was."""
    seen = ~np.isnan(accuracy)
    mean = np.where(seen, accuracy, 0.0).sum(axis=0) / np.maximum(1, seen.sum(axis=0))
    return np.where(seen, accuracy, mean)


def arena_score(accuracy: float, cost: float) -> float:
    """RouterArena's score of a mean accuracy and of `cost` dollars for 1,000 queries."""
    cost = min(MOST_COST, max(LEAST_COST, cost))
    saved = math.log(MOST_COST / cost) / math.log(MOST_COST / LEAST_COST)
    weight = 0.1 * accuracy + saved
    return 1.1 * accuracy * saved / weight if weight > 0 else 0.0


def score_of(choice: np.ndarray, accuracy: np.ndarray, cost: np.ndarray) -> float:
    """RouterArena's score of a choice of models [n], with the outcomes accuracy and cost [n, M]."""
    rows = np.arange(len(choice))
    return arena_score(float(accuracy[rows, choice].mean()), 1000.0 * float(cost[rows, choice].mean()))


def best_weight(
    quality: np.ndarray, price: np.ndarray, accuracy: np.ndarray, cost: np.ndarray, weights: np.ndarray
) -> float:
    """The weight w for which argmax(quality - w price) scores best; quality and price [n, M] are estimates."""
    scores = [score_of((quality - weight * price).argmax(axis=1), accuracy, cost) for weight in weights.tolist()]
    return float(weights[int(np.argmax(scores))])


def softmax_regression(
    x: np.ndarray, labels: np.ndarray, classes: int, strength: float = 1.0, steps: int = 15
) -> np.ndarray:
    """Coefficients [F + 1, classes], the last row free intercepts, of a multinomial logistic regression.

    x: [n, F]; labels: int [n]. An L2 penalty of |w|^2 / 2 stands against `strength` times the log-likelihood.
    """
    design = np.hstack([x, np.ones((len(x), 1))])
    width = design.shape[1]
    penalty = np.full((width, classes), 1.0 / strength)
    penalty[-1] = 1e-3
    beta = np.zeros((width, classes))
    target = np.eye(classes)[labels]
    for _ in range(steps):
        chance = softmax(design @ beta)
        gradient = design.T @ (target - chance) - penalty * beta
        curvature = np.empty((width, classes, width, classes))
        for a in range(classes):
            for b in range(classes):
                weight = chance[:, a] * ((a == b) - chance[:, b])
                curvature[:, a, :, b] = (design * weight[:, None]).T @ design
        matrix = curvature.reshape(width * classes, width * classes)
        matrix[np.diag_indices_from(matrix)] += penalty.ravel() + 1e-9
        step = np.linalg.solve(matrix, gradient.ravel()).reshape(width, classes)
        beta += step * min(1.0, 5.0 / (1e-12 + float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-6:
            break
    return beta


def softmax(scores: np.ndarray) -> np.ndarray:
    """Shares along the last axis, which sum to 1."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares
