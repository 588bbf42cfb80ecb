"""A program of the problem query-routing as the router of a run's own models.

It runs where every candidate runs, learns from past runs before the run, and is given texts, features, names and
prices: no key, no address, no file.
"""

PROBLEM = "query-routing"
"""Whose interface, limits and rules hold for routers."""
LEAST_ROWS = 200
"""Fewer proposals than that teach a router nothing that the ensemble's bandit does not learn as fast."""
