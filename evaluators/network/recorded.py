"""Links whose capacity was recorded: files of delivery opportunities, as mahimahi (USENIX ATC 2015) uses them."""

from pathlib import Path

import numpy as np

from adrs.errors import UserError
from evaluators.network import wide_area
from evaluators.network.layout import SECOND
from evaluators.network.random_stream import Stream, stream_seed
from evaluators.network.scenario import Scenario

_BIN = 100
"""ms in which opportunities are counted: the capacity is constant for so long."""
_LEAST = 100_000
"""bit/s where there are none."""
_SECONDS = 40


def read_rates(path: Path) -> list[int]:
    """bit/s of each 100 ms of a file with the millisecond of one 1,500-byte delivery a line. Raises UserError."""
    try:
        stamps = np.array([int(line) for line in path.read_text().split()], dtype=np.int64)
    except (OSError, ValueError, UnicodeDecodeError, OverflowError) as error:
        raise UserError(f"{path} is no trace of whole milliseconds, one delivery a line: {error}") from None
    if not len(stamps) or stamps[0] < 0 or (np.diff(stamps) < 0).any() or stamps[-1] > 10**8:
        raise UserError(f"{path}: a trace needs milliseconds from 0 on that never go back, up to 10^8")
    counts = np.bincount(stamps // _BIN)
    return [max(_LEAST, round(int(count) * wide_area.PACKET * 8 * 1000 / _BIN)) for count in counts]


def draw_links(path: Path, seed: int, count: int) -> list[Scenario]:
    """Single flows of 40 s that begin anywhere in the trace, which repeats; delays and queues as of the random walk."""
    recorded = read_rates(path)
    mean = sum(recorded) / len(recorded)
    links = []
    for number in range(count):
        draw = Stream(stream_seed(seed, f"link {number}"))
        begin, steps = draw.choose(len(recorded)), _SECONDS * 1000 // _BIN
        rates = tuple((step * _BIN * SECOND // 1000, recorded[(begin + step) % len(recorded)]) for step in range(steps))
        links.append(wide_area.varying(draw, rates, mean))
    return links
