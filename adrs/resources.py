"""Where the shipped folders lie: the one place that knows a checkout from an installed wheel."""

import os
from pathlib import Path

from adrs.errors import UserError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent


def folder(name: str) -> Path:
    """The shipped folder `problems`, `prompts`, `docs` or `hostile`: inside the wheel, or where a checkout keeps it."""
    shipped = _PACKAGE / "_shipped" / name
    return shipped if shipped.is_dir() else _CHECKOUT / {"hostile": "tests/hostile"}.get(name, name)


def import_root() -> Path:
    """The folder that holds the packages `adrs`, `adrs_helpers` and `evaluators`."""
    return _CHECKOUT


def data_folder() -> Path:
    """Where published data sets are looked for: `$ADRS_DATA`, else beside the checkout, else among the user's data."""
    configured = os.environ.get("ADRS_DATA")
    if configured:
        return Path(configured)
    if (_PACKAGE / "_shipped").is_dir():
        base = os.environ.get("XDG_DATA_HOME")
        return (Path(base) if base else Path.home() / ".local" / "share") / "adrs" / "data"
    return _CHECKOUT.parent / "shared" / "data"


def data_file(name: str) -> Path:
    """A data file by its absolute path, or by its name in the published data; UserError names what is not there."""
    path = data_folder() / name
    if not path.is_file():
        raise UserError(f"data file {path} is missing: set ADRS_DATA to the folder that holds {name}")
    return path


def cache_folder() -> Path:
    """Where compiled helpers and measured baselines are kept between runs: `$ADRS_CACHE`, else the user's cache."""
    configured = os.environ.get("ADRS_CACHE")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "adrs"
