"""The least tier that is enough with a chance of theta, and not below a floor; both tuned on held-out recorded runs.

Chances are those of a multinomial logistic regression on the signal, after the trained router of TwinRouterBench
(arXiv 2605.18859, table 3). Runs that were played at high are held out to estimate what each pair would be billed.
"""

import numpy as np

SUCCESS = np.array([0.98, 0.60, 0.35, 0.20])
DEFECT = np.array([0.0, 0.03, 0.05, 0.08])
OUTPUT = 220.0
GROWTH = 900.0
SOLVABLE = 0.745
MOST_DOLLARS = 3.0


def readable(tier, prompt, first):
    """Tokens in the cache of each call's tier: the prompt of its last use in the run, which begins at row `first`."""
    rows = np.arange(len(tier))
    read = np.zeros(len(tier))
    for each in range(4):
        used = tier == each
        last = np.append(-1, np.maximum.accumulate(np.where(used, rows, -1))[:-1])
        warm = used & (last >= first)
        read[warm] = np.minimum(prompt[last[warm], each], prompt[warm, each])
    return read


def bill(tier, required, prompt, run, prices):
    """What runs would be billed at about: a call too low is repeated, with one and a half calls to recover.

    These calls stay in the prompts of all later ones, and runs that get too dear end without success.
    """
    short = np.maximum(0, required - tier)
    more = 2.0 * (1 / SUCCESS[short] - 1)
    first = np.searchsorted(run, run)
    tokens = prompt[np.arange(len(tier)), tier]
    read = readable(tier, prompt, first)
    grown = np.cumsum(more) * GROWTH
    earlier = np.append(0.0, grown[:-1])
    cost = (read * prices[tier, 1] + (tokens - read) * prices[tier, 2] + OUTPUT * prices[tier, 3]) / 1e6
    cost += more * (tokens * prices[tier, 1] + GROWTH * prices[tier, 2] + OUTPUT * prices[tier, 3]) / 1e6
    cost += (earlier - earlier[first]) * prices[tier, 1] / 1e6
    numbers = np.unique(run, return_inverse=True)[1]
    spent = np.bincount(numbers, weights=cost)
    clean = np.exp(np.bincount(numbers, weights=np.log(1 - DEFECT[short])))
    resolved = SOLVABLE * clean * (spent < MOST_DOLLARS)
    return (np.minimum(spent, MOST_DOLLARS) + 2.0 * (1 - resolved)).mean()


def describe(signal):
    cue, prompt, step, flag, observation, output = signal[..., :6].T
    columns = [cue, cue * cue, cue**3, prompt, np.log1p(step), step / 30.0, flag, flag * cue, observation, output]
    return np.stack(columns, axis=-1)


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def regress(x, labels, classes=4, steps=15):
    """Multinomial logistic regression by Newton steps, L2 penalty with C = 1, free intercepts."""
    design = np.hstack([x, np.ones((len(x), 1))])
    width = design.shape[1]
    penalty = np.ones((width, classes))
    penalty[-1] = 1e-3
    beta, target = np.zeros((width, classes)), np.eye(classes)[labels]
    for _ in range(steps):
        chance = softmax(design @ beta)
        gradient = design.T @ (target - chance) - penalty * beta
        curvature = np.empty((width, classes, width, classes))
        for a in range(classes):
            for b in range(classes):
                weight = chance[:, a] * ((a == b) - chance[:, b])
                curvature[:, a, :, b] = (design * weight[:, None]).T @ design
        matrix = curvature.reshape(width * classes, width * classes)
        matrix[np.diag_indices_from(matrix)] += penalty.ravel()
        step = np.linalg.solve(matrix, gradient.ravel()).reshape(width, classes)
        beta += step * min(1.0, 5.0 / (1e-12 + np.abs(step).max()))
        if np.abs(step).max() < 1e-6:
            break
    return beta


def learn(signal, tier):
    x = describe(signal)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    return mean, spread, regress((x - mean) / spread, tier)


def chances(learnt, signal):
    mean, spread, beta = learnt
    return softmax(((describe(signal) - mean) / spread) @ beta[:-1] + beta[-1])


def fit(train):
    signal, tier, run, prices = train["signal"], train["tier"], train["run"], train["prices"]
    high = run < (run.max() + 1) // 2
    held = high & (run % 2 == 0)
    known = chances(learn(signal[~held], tier[~held]), signal[held])

    def score(choice):
        theta, floor = choice
        wanted = np.clip((np.cumsum(known, axis=1) < theta).sum(axis=1), floor, 3)
        return bill(wanted, tier[held], train["prompt_tokens"][held], run[held], prices)

    choices = [(theta, floor) for theta in (0.5, 0.6, 0.7, 0.8, 0.9) for floor in (0, 1, 2)]
    return learn(signal, tier), min(choices, key=score)


def route(model, state, request):
    learnt, (theta, floor) = model
    wanted = int((np.cumsum(chances(learnt, request["signal"])) < theta).sum())
    return min(3, max(floor, wanted))
