"""Where policy processes run: backends behind one seam, each probed by running it.

A backend starts a zygote, a warm process that forks one policy process for each program. What is inside lives in
`adrs.sandbox.inside`, which imports nothing of adrs.
"""

from adrs.sandbox.base import Sandbox, SandboxSpec, SandboxUnavailable, uses_numba
from adrs.sandbox.probe import Probe, choose, named, probe

__all__ = ["Probe", "Sandbox", "SandboxSpec", "SandboxUnavailable", "choose", "named", "probe", "uses_numba"]
