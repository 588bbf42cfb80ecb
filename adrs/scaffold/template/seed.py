"""Where evolution starts: jobs go round the machines in the order given."""

import numpy as np


def solve(instance):
    machine = np.zeros(len(instance["length"]), dtype=np.int64)
    for job in range(len(machine)):
        machine[job] = job % instance["machines"]
    return machine
