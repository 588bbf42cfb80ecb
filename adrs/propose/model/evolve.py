"""Answers about programs with evolve blocks: what stands outside of them is put back, or its change refused."""

from adrs.evolve_blocks import Unbalanced, fixed_parts, plain, violation


def restore(base: str, changed: str) -> tuple[str, str]:
    """A changed program in which everything outside the evolve blocks of `base` stands, and what is wrong with it.

    An answer that is the evolve block alone, with its markers, is put in its place. The second value is empty where
    nothing is wrong.
    """
    try:
        wanted = fixed_parts(base)
    except Unbalanced:
        wanted = None
    if wanted is None:
        return changed, ""
    try:
        parts = fixed_parts(changed)
    except Unbalanced as unbalanced:
        return changed, str(unbalanced)
    if parts is not None and len(parts) == len(wanted) == 2 and not plain(parts[0])[:-1] and not plain(parts[1])[1:]:
        inner = changed.split("\n")[len(parts[0]) : len(changed.split("\n")) - len(parts[1])]
        return "\n".join([*wanted[0], *inner, *wanted[1]]), ""
    return changed, violation(wanted, changed)
