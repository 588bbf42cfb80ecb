"""The package for many digits and intervals, or the sentence that says how to get it."""

from adrs.errors import UserError

try:
    from mpmath import iv, mp, mpf
except ImportError:
    raise UserError(
        "checks of exported rules need mpmath, which is not installed: pip install 'adrs[distill]'"
    ) from None

__all__ = ["iv", "mp", "mpf"]
