"""PowerTCP (NSDI 2022) asked once an epoch instead of once an acknowledgement; theta-PowerTCP without telemetry."""

BETA = 0.006


def on_start(state):
    state["reference"] = 1.0
    state["power"] = 1.0
    state["since"] = 0.0
    return 1.0


def on_ack(sample, state):
    telemetry = sample["queue"] == sample["queue"]
    if telemetry:
        power = max(0.5, sample["arrival_rate"] or 1.0) * (sample["queue"] + 1.0) / 0.95
        gamma = 0.9
    else:
        power = max(0.5, 1.0 + sample["rtt_gradient"]) * sample["rtt_last"] / 1.05
        gamma = 0.7
    passed = min(1.0, sample["elapsed"])
    state["power"] += (power - state["power"]) * passed
    window = gamma * (state["reference"] / state["power"] + BETA) + (1.0 - gamma) * state["reference"]
    window = min(1.0, max(0.004, window))
    state["since"] += sample["elapsed"]
    if state["since"] >= sample["rtt_last"]:
        state["since"] = 0.0
        state["reference"] = window
    return window
