"""Never to a lower tier within a run: the running maximum of the least tier that is enough with a chance of 0.8.

A multinomial logistic regression on statistics of the prompt gives the chances. No cold caches by switching down, and
few runs lost by one call.
"""

import math

import numpy as np

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


def fit(train):
    rows = zip(train["messages"], train["prompt_tokens"].tolist(), train["step"].tolist(), strict=True)
    x = np.array([describe(messages, prompt, step) for messages, prompt, step in rows])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    return mean, spread, regress((x - mean) / spread, train["tier"])


def chances(model, request):
    mean, spread, beta = model
    x = describe(request["messages"], request["prompt_tokens"].tolist(), request["step"])
    return softmax(((x - mean) / spread) @ beta[:-1] + beta[-1])


def reset(model, episode):
    return {"tier": 0}


def route(model, state, request):
    wanted = min(3, int((np.cumsum(chances(model, request)) < 0.8).sum()))
    state["tier"] = max(state["tier"], wanted)
    return state["tier"]
