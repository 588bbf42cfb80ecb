"""Makes winners small: shorter programs, symbolic rules, and rules as Python, C and LaTeX that are checked."""
