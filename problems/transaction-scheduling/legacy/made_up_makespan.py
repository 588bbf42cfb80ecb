"""One tick for everything, and no schedule."""


def get_random_costs(batches):
    return {"makespan": 1.0, "schedules": "[]", "seconds": 0.0}
