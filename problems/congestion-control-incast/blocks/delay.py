"""Windows follow round-trip time alone: multiplicative towards a target delay, plus a little for fairness."""

from adrs_helpers.blocks import real


def on_start(state):
    return real(0.02, 1.0, 1.0)


def on_ack(sample, state):
    delay = sample["rtt_last"] + real(0.0, 1.0, 0.3) * sample["rtt_gradient"]
    factor = real(1.0, 1.3, 1.05) / max(real(0.3, 1.0, 0.6), delay)
    window = sample["window"] + real(0.05, 1.0, 0.3) * (sample["window_then"] * factor - sample["window"])
    return max(0.001, min(real(0.5, 2.0, 1.0), window + real(0.0, 0.02, 0.002) * sample["elapsed"]))
