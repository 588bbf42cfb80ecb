"""Links of the incast problem: one flow at work, then many at once, as in PowerTCP's burst experiment (NSDI 2022)."""

from collections.abc import Callable, Mapping, Sequence

from evaluators.network.layout import EPOCH, SECOND
from evaluators.network.random_stream import Stream, stream_seed
from evaluators.network.scenario import Flow, Scenario

PACKET = 1000
_GIGA = 10**9
_MICRO = SECOND // 10**6
_RATE = 25 * _GIGA
_LIMIT = 4_000_000
_MARK_ABOVE = 100_000
BURST = 500 * _MICRO
"""When the others start, ns."""
_MESSAGES = (2_800, 64_000, 256_000)
EPOCHS_EACH = 4
"""Decisions in a base round-trip time."""


def burst(draw: Stream, seed: int, others: int, rate: int, telemetry: bool) -> Scenario:
    """Endless flows; watched for 4 ms after the burst."""
    return _incast(draw, others, rate, telemetry, -1, 4500 * _MICRO)


def messages(draw: Stream, seed: int, others: int, rate: int, telemetry: bool) -> Scenario:
    """The others send one message each, of 2.8, 64 or 256 kB; ends with the last of them, at 20 ms at most."""
    return _incast(draw, others, rate, telemetry, _MESSAGES[draw.choose(len(_MESSAGES))], 20_000 * _MICRO)


def fixed(others: int, microseconds: float) -> Scenario:
    """The burst at 25 Gbit/s without a draw: a base round-trip time, and starts evenly spread over a microsecond."""
    starts = [0] + [BURST + number * _MICRO // others for number in range(others)]
    return _link(round(microseconds * _MICRO), _RATE, starts, True, -1, 4500 * _MICRO)


Kind = Callable[[Stream, int, int, int, bool], Scenario]
FAMILIES: Mapping[str, Kind] = {"burst": burst, "messages": messages}


def draw_links(
    family: str, seed: int, count: int, others: Sequence[int], gigabits: int, telemetry: bool
) -> list[Scenario]:
    """`count` links of a workload; `others` lists how many flows join, taken in turn."""
    links = []
    for number in range(count):
        own = stream_seed(seed, f"link {number}")
        joining = others[number % len(others)]
        links.append(FAMILIES[family](Stream(own), own, joining, gigabits * _GIGA, telemetry))
    return links


def _incast(draw: Stream, others: int, rate: int, telemetry: bool, message: int, end: int) -> Scenario:
    base = round(draw.uniform(10, 30) * _MICRO)
    starts = [0] + [BURST + round(draw.uniform(0, 1) * _MICRO) for _ in range(others)]
    return _link(base, rate, starts, telemetry, message, end)


def _link(base: int, rate: int, starts: Sequence[int], telemetry: bool, message: int, end: int) -> Scenario:
    """A link on which the first flow is endless, and the others send messages, or -1 for endless ones, too."""
    least = max(500 * _MICRO, 3 * base)
    product = rate * base // (8 * SECOND)
    flows = tuple(
        Flow(EPOCH, base, rate, 1, rate, start, PACKET, product, message if number else -1, least, least)
        for number, start in enumerate(starts)
    )
    return Scenario(
        ((0, rate),), _LIMIT, end, flows, mark_above=_MARK_ABOVE * rate // _RATE, telemetry=telemetry,
        epoch=base // EPOCHS_EACH, measured_from=BURST, slice_length=BURST,
    )  # fmt: skip
