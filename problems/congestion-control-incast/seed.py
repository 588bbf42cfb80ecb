"""Shrinks where the round-trip time is long, grows a little otherwise."""


def on_start(state):
    return 1.0


def on_ack(sample, state):
    if sample["rtt_last"] > 1.5:
        return 0.9 * sample["window"]
    return sample["window"] + 0.01
