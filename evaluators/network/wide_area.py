"""Links of the wide-area problem, drawn from seeds: single flows, held-out ranges, changing capacity, sharing.

Ranges of `single` are those of Aurora's training environment (arXiv 1810.03259, repo PCCproject/PCC-RL).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import exp, floor, log

from evaluators.network.layout import BBR, CUBIC, MONITOR, SECOND
from evaluators.network.random_stream import Stream, stream_seed
from evaluators.network.scenario import Flow, Scenario

PACKET = 1500
_BITS = 8 * PACKET
_MEGA = 10**6
_MILLI = SECOND // 1000
_LOWEST, _HIGHEST = 50_000, 300 * _MEGA
"""Where a policy's rate is kept outside of `single`, bit/s."""
_WIRE = 10**9
"""Rate at which a sender with a window and without pacing sends, bit/s."""


def single(draw: Stream, seed: int) -> Scenario:
    """One flow: 100 to 500 packets/s, 50 to 500 ms one way, 2 to 2,981 packets of queue, up to 5 % random loss."""
    rate = round(draw.uniform(100, 500) * _BITS)
    delay = round(draw.uniform(50, 500) * _MILLI)
    queue = 1 + floor(exp(draw.uniform(0, 8)))
    loss = draw.uniform(0, 0.05)
    first = round(draw.uniform(0.3, 1.5) * rate)
    return _alone(rate, delay, queue, loss, first, (40 * _BITS, 1000 * _BITS), seed)


def held_out(draw: Stream, seed: int) -> Scenario:
    """One flow in Aurora's test ranges: 1 to 128 Mbit/s, 1 to 512 ms one way, 2 to 10,000 packets, up to 20 % loss."""
    rate = round(draw.log_uniform(1, 128) * _MEGA)
    delay = round(draw.log_uniform(1, 512) * _MILLI)
    queue = round(draw.log_uniform(2, 10_000))
    loss = draw.uniform(0, 0.2)
    first = round(draw.uniform(0.3, 1.5) * rate)
    return _alone(rate, delay, queue, loss, first, (_LOWEST, _HIGHEST), seed)


def square_wave(draw: Stream, seed: int) -> Scenario:
    """20 and 40 Mbit/s in turn, 5 s each (SymbolicPCC, arXiv 2210.16987)."""
    rates = tuple((5 * part * SECOND, (20 + 20 * (part % 2)) * _MEGA) for part in range(5))
    return _dynamic(rates, 60 * _MILLI, 225_000, 20 * _MEGA, 25)


def steps(draw: Stream, seed: int) -> Scenario:
    """40, 8, 40 Mbit/s, 10 s each."""
    rates = tuple((10 * part * SECOND, rate * _MEGA) for part, rate in enumerate((40, 8, 40)))
    base = round(2 * draw.uniform(5, 60) * _MILLI)
    limit = round(draw.uniform(0.5, 4) * 40 * _MEGA * base / (8 * SECOND))
    return _dynamic(rates, base, limit, round(draw.uniform(0.3, 1.5) * 40 * _MEGA), 30)


def random_walk(draw: Stream, seed: int) -> Scenario:
    """The logarithm of the capacity reverts to its mean every 100 ms, with outages of up to half a second."""
    mean = log(draw.uniform(4, 40) * _MEGA)
    base, limit = _path(draw, exp(mean))
    level, outage, rates = mean, 0, []
    for step in range(400):
        level += 0.1 * (mean - level) + 0.15 * draw.normal()
        level = min(max(level, log(0.5 * _MEGA)), log(100 * _MEGA))
        if outage == 0 and draw.uniform() < 0.002:
            outage = 1 + draw.choose(5)
        rates.append((step * SECOND // 10, _MEGA // 10 if outage else round(exp(level))))
        outage = max(0, outage - 1)
    return _dynamic(tuple(rates), base, limit, round(draw.uniform(0.3, 1.5) * rates[0][1]), 40)


def varying(draw: Stream, rates: tuple[tuple[int, int], ...], mean: float) -> Scenario:
    """40 s of given capacities with their mean; delay and queue are drawn as for the random walk."""
    base, limit = _path(draw, mean)
    return _dynamic(rates, base, limit, round(draw.uniform(0.3, 1.5) * rates[0][1]), 40)


def same_policy(draw: Stream, seed: int) -> Scenario:
    """2 to 8 flows of one policy that start 5 s apart."""
    count, rate, base, limit = _shared(draw)
    return _sharing(rate, limit, seed, [_policy(draw, rate, count, base, 5 * SECOND * flow) for flow in range(count)])


def unequal_delays(draw: Stream, seed: int) -> Scenario:
    """2 to 8 flows of one policy with round-trip times of 1:1 to 1:4."""
    count, rate, base, limit = _shared(draw)
    bases = [base] + [round(base * draw.uniform(1, 4)) for _ in range(count - 1)]
    return _sharing(rate, limit, seed, [_policy(draw, rate, count, each, 0) for each in bases])


def against_cubic(draw: Stream, seed: int) -> Scenario:
    """One flow of the policy and 1 to 3 of CUBIC."""
    return _against(draw, seed, CUBIC)


def against_bbr(draw: Stream, seed: int) -> Scenario:
    """One flow of the policy and 1 to 3 of BBR."""
    return _against(draw, seed, BBR)


Kind = Callable[[Stream, int], Scenario]
FAMILIES: Mapping[str, Mapping[str, Kind]] = {
    "single": {"single": single},
    "held-out": {"held-out": held_out},
    "dynamic": {"square-wave": square_wave, "steps": steps, "random-walk": random_walk},
    "sharing": {
        "same-policy": same_policy, "unequal-delays": unequal_delays, "against-cubic": against_cubic,
        "against-bbr": against_bbr,
    },
}  # fmt: skip
"""Kinds of link by family; a workload's links take its kinds in turn."""


def draw_links(family: str, kinds: Sequence[str], seed: int, count: int) -> list[Scenario]:
    """`count` links of a workload; each has streams of its own."""
    links = []
    for number in range(count):
        own = stream_seed(seed, f"link {number}")
        links.append(FAMILIES[family][kinds[number % len(kinds)]](Stream(own), own))
    return links


def with_native(flow: Flow, kind: int) -> Flow:
    """The flow driven by an algorithm instead of a policy."""
    return replace(flow, kind=kind, rate=_WIRE, rate_high=_WIRE, window=10 * flow.size)


def _alone(rate: int, delay: int, queue: int, loss: float, first: int, kept: tuple[int, int], seed: int) -> Scenario:
    flow = Flow(MONITOR, 2 * delay, min(max(first, kept[0]), kept[1]), *kept)
    base = flow.base + _BITS * SECOND // rate
    end = min(max(100 * base, 10 * SECOND), 60 * SECOND)
    return Scenario(((0, rate),), queue * PACKET, end, (flow,), loss=loss, seed=seed)


def _dynamic(rates: tuple[tuple[int, int], ...], base: int, limit: int, first: int, seconds: int) -> Scenario:
    flow = Flow(MONITOR, base, min(max(first, _LOWEST), _HIGHEST), _LOWEST, _HIGHEST)
    return Scenario(rates, limit, seconds * SECOND, (flow,))


def _path(draw: Stream, mean: float) -> tuple[int, int]:
    """Base round-trip time, and a queue of 0.5 to 4 bandwidth-delay products, for a mean capacity."""
    base = round(2 * draw.uniform(5, 60) * _MILLI)
    return base, max(2 * PACKET, round(draw.uniform(0.5, 4) * mean * base / (8 * SECOND)))


def _shared(draw: Stream) -> tuple[int, int, int, int]:
    """Flows, rate, base round-trip time and queue."""
    count = 2 + draw.choose(7)
    rate, base, limit = _bottleneck(draw)
    return count, rate, base, limit


def _bottleneck(draw: Stream) -> tuple[int, int, int]:
    rate = round(draw.uniform(10, 100) * _MEGA)
    base = round(draw.uniform(10, 100) * _MILLI)
    return rate, base, max(2 * PACKET, round(draw.uniform(0.5, 4) * rate * base / (8 * SECOND)))


def _policy(draw: Stream, rate: int, count: int, base: int, start: int) -> Flow:
    first = min(max(round(draw.uniform(0.3, 1.5) * rate / count), _LOWEST), _HIGHEST)
    return Flow(MONITOR, base, first, _LOWEST, _HIGHEST, start=start)


def _against(draw: Stream, seed: int, kind: int) -> Scenario:
    others = 1 + draw.choose(3)
    rate, base, limit = _bottleneck(draw)
    policy = _policy(draw, rate, others + 1, base, 0)
    return _sharing(rate, limit, seed, [policy] + [with_native(policy, kind)] * others)


def _sharing(rate: int, limit: int, seed: int, flows: list[Flow]) -> Scenario:
    return Scenario(((0, rate),), limit, 60 * SECOND, tuple(flows), seed=seed, slice_length=SECOND, slice_parts=5)
