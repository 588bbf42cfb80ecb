"""What the tests of transaction scheduling share: random batches, and the executor written out in plain Python."""

from hypothesis import strategies as st

from evaluators.systems.transaction_simulator import Batch
from evaluators.systems.transaction_workloads import batch

access = st.none() | st.tuples(st.sampled_from("rw"), st.integers(0, 4))
transaction = st.lists(access, min_size=1, max_size=6).filter(any)
batches = st.lists(transaction, min_size=1, max_size=30).map(batch)


@st.composite
def ordered_batches(draw):
    """A batch and a full or partial order of it."""
    drawn = draw(batches)
    order = draw(st.permutations(range(len(drawn))))
    return drawn, order[: draw(st.integers(0, len(order)))]


def plain_makespan(drawn: Batch, order) -> int:
    """Each transaction starts as soon as its accesses come after all earlier ones that they conflict with."""
    done: list[tuple[int, int, int]] = []
    makespan = 0
    for number in order:
        operations = range(drawn.offset[number], drawn.offset[number + 1])
        start = 1
        for operation in operations:
            for key, tick, is_write in done:
                if key == drawn.key[operation] and (is_write or drawn.is_write[operation]):
                    start = max(start, tick + 1 - (int(drawn.position[operation]) - 1))
        done += [
            (int(drawn.key[o]), start + int(drawn.position[o]) - 1, int(drawn.is_write[o])) for o in operations
        ]  # fmt: skip
        makespan = max(makespan, start + int(drawn.length[number]) - 1)
    return makespan
