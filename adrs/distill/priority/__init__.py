"""Expressions for the numbers by which programs choose: found in the syntax tree, recorded in the sandbox, fitted."""
