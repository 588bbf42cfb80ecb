"""Windows follow power, the product of arrival rate and queue (PowerTCP), smoothed, with open constants."""

from adrs_helpers.blocks import real


def on_start(state):
    state["power"] = 1.0
    return real(0.02, 1.0, 1.0)


def on_ack(sample, state):
    queue = sample["queue"]
    if queue == queue:
        power = max(real(0.1, 1.0, 0.5), sample["arrival_rate"] or 1.0) ** real(0.2, 2.0, 1.0) * (1.0 + queue)
    else:
        power = max(real(0.1, 1.0, 0.5), 1.0 + real(0.1, 2.0, 1.0) * sample["rtt_gradient"]) * sample["rtt_last"]
    state["power"] += (power - state["power"]) * min(1.0, real(0.2, 4.0, 1.0) * sample["elapsed"])
    target = sample["window_then"] * real(0.7, 1.1, 0.95) / state["power"] + real(0.0005, 0.05, 0.006)
    window = sample["window"] + real(0.05, 1.0, 0.5) * (target - sample["window"])
    return max(0.001, min(real(0.5, 2.0, 1.0), window))
