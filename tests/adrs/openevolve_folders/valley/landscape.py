"""A bowl with ripples."""

import math

LOWEST = 0.0


def height(x, y):
    return (x - 1) ** 2 + (y + 2) ** 2 + math.sin(3 * (x - 1)) ** 2 / 4
