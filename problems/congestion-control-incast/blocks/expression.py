"""A free factor of queue, rate and delay."""

from adrs_helpers.blocks import expression, real


def on_start(state):
    return real(0.02, 1.0, 1.0)


def on_ack(sample, state):
    queue, rate, delay = sample["queue"], sample["arrival_rate"] or 1.0, sample["rtt_last"]
    if queue != queue:
        queue, rate = delay - 1.0, 1.0 + sample["rtt_gradient"]
    excess = expression(rate * (1.0 + queue), rate, queue, delay)
    target = sample["window_then"] * real(0.7, 1.1, 0.95) / max(0.3, min(20.0, excess)) + real(0.0005, 0.05, 0.004)
    return max(0.001, min(1.0, sample["window"] + real(0.05, 1.0, 0.4) * (target - sample["window"])))
