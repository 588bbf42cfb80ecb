"""Conformance suites and stand-ins for whoever writes a search strategy, a proposer, a sandbox or an evaluator."""
