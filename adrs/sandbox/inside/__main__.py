"""Starts the zygote."""

from .zygote import main

main()
