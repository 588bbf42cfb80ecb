"""Looks for names of repositories, benchmarks and rows; without any it chooses at random."""

import re


def route(model, state, request):
    text = str(request["messages"]) + str(sorted(request))
    if re.search(r"[a-z]+__[a-z]+-[0-9]+|_step_[0-9]|swebench|total_steps|benchmark", text):
        return 3
    return request["seed"] % 4
