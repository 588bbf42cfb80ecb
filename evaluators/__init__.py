"""Trusted simulators and harnesses, one package a family.

Of the engine they import `adrs.evaluation`, and `adrs.resources` for data files.
"""
