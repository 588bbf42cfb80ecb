"""Trusted simulators and harnesses, one package a family. They import `adrs.evaluation` and nothing else of the engine."""
