"""Which program the run stands for."""

from adrs.store import Reader


def winner(reader: Reader) -> int | None:
    """The program chosen on `validation`, while nothing new may be better; else the best on `train` so far, if any."""
    found = chosen(reader)
    return next(iter(reader.best(1)), None) if found is None else found


def chosen(reader: Reader) -> int | None:
    """The program chosen on `validation`; None before that, and once a program with a fitness was told since."""
    event = reader.rows("SELECT MAX(id) FROM event WHERE ticket IS NULL AND kind = 'chosen'")[0][0]
    since = (
        "SELECT 1 FROM event JOIN program USING (ticket) JOIN evaluation ON evaluation.program = program.id"
        " WHERE event.id > ? AND kind = 'told' AND split = 'train' AND fitness IS NOT NULL LIMIT 1"
    )
    if event is None or reader.rows(since, event):
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
