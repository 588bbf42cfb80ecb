"""What the baselines of a problem are called; nothing heavy is loaded for it."""

from pathlib import PurePath

NATIVE = "native:"
"""Before the name of a baseline that is an algorithm of the evaluator's own and no program."""


def baseline_name(text: str) -> str:
    """What a baseline is called that `problem.toml` names by the path of its file, or as `native:NAME`."""
    return text.removeprefix(NATIVE) if text.startswith(NATIVE) else PurePath(text).stem.replace("_", "-")
