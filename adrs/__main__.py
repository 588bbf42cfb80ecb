"""`python -m adrs`."""

from adrs.cli import main

main()
