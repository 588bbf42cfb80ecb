"""adrs: evolve policies for computer systems, score them where they cannot cheat, keep every ancestor."""

__version__ = "0.1.0"
