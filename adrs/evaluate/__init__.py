"""Scoring programs: the harness of the trusted worker, the policy call protocol, and executors."""
