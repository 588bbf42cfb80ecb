"""CPU time of a search strategy's calls after 100,000 told programs, beside the same after 500, and what it holds.

python benchmarks/search_cost.py [NAME ...]
"""

import argparse
from functools import partial

from adrs import plugins
from adrs.testing import search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=plugins.names("search"), help="default: all strategies")
    parser.add_argument("--programs", type=int, default=100_000)
    options = parser.parse_args()
    print(f"{'strategy':12} {'time, factor':>14} {'held, kB':>22}")
    for name in options.names:
        strategy = plugins.load("search", name)
        factor = search.slowdown(partial(strategy, seed=3), options.programs)
        first, second = search.grown(partial(strategy, seed=3), options.programs // 10, options.programs)
        print(f"{name:12} {factor:14.2f} {first / 1e3:10.0f} to {second / 1e3:8.0f}", flush=True)


if __name__ == "__main__":
    main()
