"""Which program the run stands for."""

from adrs.store import Reader


def winner(reader: Reader) -> int | None:
    """The program chosen on `validation`, while nothing was told since; else the best on `train` so far, if any."""
    found = chosen(reader)
    return next(iter(reader.best(1)), None) if found is None else found


def chosen(reader: Reader) -> int | None:
    """The program chosen on `validation`; None before that, and once anything was told since."""
    event = reader.rows("SELECT MAX(id) FROM event WHERE ticket IS NULL AND kind = 'chosen'")[0][0]
    if event is None or reader.rows("SELECT 1 FROM event WHERE id > ? AND kind = 'told' LIMIT 1", event):
        return None
    number: int | None = reader.events("chosen")[-1][1]["winner"]
    return number


def line(reader: Reader, number: int) -> list[int]:
    """Numbers of the line of first parents from its first ancestor to a program."""
    found = [number]
    while parents := reader.rows("SELECT parent FROM parentage WHERE child = ? AND role = 'parent'", found[-1]):
        if parents[0][0] in found:  # only a damaged log has circles
            break
        found.append(parents[0][0])
    return found[::-1]
