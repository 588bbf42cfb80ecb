"""Starts the zygote."""

from . import forking

forking.install()

from .zygote import main  # noqa: E402 - what it imports registers hooks

main()
