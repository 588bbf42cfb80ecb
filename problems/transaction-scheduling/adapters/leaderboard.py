"""Runs a program written for the ADRS leaderboard (UCB-ADRS/ADRS-Leaderboard, problem txn_scheduling) as a policy.

PUBLISHED is replaced by the text of such a program, and the whole is an ordinary candidate: it runs in the sandbox and
is trusted with nothing. The program imports `Workload` from `txn_simulator` and the JSON texts `WORKLOAD_1` to
`WORKLOAD_3` from `workloads`, and defines `get_best_schedule(workload, num_seqs)`, or the same without `num_seqs`,
which returns a makespan and a schedule; else `get_random_costs()`, which returns a total, three schedules and seconds.
What it claims of makespan and time is dropped.
"""

import inspect
import json
import sys
from types import ModuleType

import numpy as np

from adrs_helpers import transaction_clock as clock

PUBLISHED = ""

SEQUENCES = 10


class Workload:
    """A batch as leaderboard programs know it."""

    def __init__(self, workload, debug=False, verify=False):
        self.workload, self.debug = json.loads(workload), debug
        self.txns = [operations(text.split()) for text in self.workload.values()]
        self.num_txns = len(self.txns)
        self._empty = clock.new_state(instance_of(self.txns, [len(text.split()) for text in self.workload.values()]))

    def get_opt_seq_cost(self, txn_seq):
        """Makespan of a full or partial order."""
        return clock.extend(clock.copy(self._empty), txn_seq)


def operations(tokens):
    """Operations of one transaction: `r` or `w`, key, position from 1, length of the transaction."""
    return [(token[0], token[2:], place, len(tokens)) for place, token in enumerate(tokens, start=1) if token != "*"]


def instance_of(transactions, lengths):
    """The argument of `solve` that has these transactions."""
    numbers = {}
    rows = [
        (numbers.setdefault(key, len(numbers)), position, kind == "w")
        for used in transactions
        for kind, key, position, _ in used
    ]
    key, position, is_write = np.array(rows).T
    offset = np.cumsum([0, *(len(used) for used in transactions)])
    fields = {"offset": offset, "key": key, "position": position, "is_write": is_write, "length": lengths}
    return {"num_transactions": len(transactions), "num_keys": len(numbers), **fields}


def text_of(instance):
    """The JSON text of a batch."""
    members = {}
    for number in range(instance["num_transactions"]):
        tokens = ["*"] * int(instance["length"][number])
        for operation in range(instance["offset"][number], instance["offset"][number + 1]):
            kind = "w" if instance["is_write"][operation] else "r"
            tokens[instance["position"][operation] - 1] = f"{kind}-{instance['key'][operation]}"
        members[f"txn{number}"] = " ".join(tokens)
    return json.dumps(members)


def load(text):
    """The published program as a module, with all three of its workloads the same batch."""
    simulator, workloads, program = (ModuleType(name) for name in ("txn_simulator", "workloads", "published"))
    simulator.Workload = Workload
    workloads.WORKLOAD_1 = workloads.WORKLOAD_2 = workloads.WORKLOAD_3 = text
    sys.modules.update(txn_simulator=simulator, workloads=workloads, published=program)
    exec(compile(PUBLISHED, "published.py", "exec"), program.__dict__)
    return program


def solve(instance):
    text = text_of(instance)
    program = load(text)
    if not hasattr(program, "get_best_schedule"):
        return program.get_random_costs()[1][0]
    takes = inspect.signature(program.get_best_schedule).parameters
    arguments = (Workload(text), SEQUENCES)[: len(takes)]
    return program.get_best_schedule(*arguments)[1]
