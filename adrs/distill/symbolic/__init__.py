"""Policies made rules: expressions found by symbolic regression, chosen by what they reach in closed loop."""
