"""Which program the run stands for."""

from adrs.store import Reader


def winner(reader: Reader) -> int | None:
    """The program chosen on `validation`, while nothing was told since; else the best on `train` so far, if any."""
    chosen = reader.rows("SELECT MAX(id) FROM event WHERE ticket IS NULL AND kind = 'chosen'")[0][0]
    if chosen is not None and not reader.rows("SELECT 1 FROM event WHERE id > ? AND kind = 'told' LIMIT 1", chosen):
        number: int = reader.events("chosen")[-1][1]["winner"]
        return number
    return next(iter(reader.best(1)), None)


def line(reader: Reader, number: int) -> list[int]:
    """Numbers of the line of first parents from its first ancestor to a program."""
    found = [number]
    while parents := reader.rows("SELECT parent FROM parentage WHERE child = ? AND role = 'parent'", found[-1]):
        if parents[0][0] in found:  # only a damaged log has circles
            break
        found.append(parents[0][0])
    return found[::-1]
