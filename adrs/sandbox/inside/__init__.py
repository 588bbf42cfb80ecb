"""What runs inside a sandbox: the zygote and the policy process.

Self-contained: standard library, numpy and msgpack only, no import of the rest of adrs, which the sandbox cannot read.
The trusted side uses `wire` of this package, and nothing else of it.
"""
