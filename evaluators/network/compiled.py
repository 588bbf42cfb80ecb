"""The decorator of all compiled functions of this package.

Numba keeps a compiled function for as long as its own file is unchanged, with everything that was compiled into it,
even when the files of those have changed. So the cache lies in a folder named after the content of the whole package.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit

from adrs import resources

Function = TypeVar("Function", bound=Callable[..., Any])


def _folder() -> Path:
    total = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return resources.cache_folder() / "network" / total.hexdigest()[:16]


_FOLDER = str(_folder())


def compiled(function: Function) -> Function:
    """Compile at the first call, and keep it for later processes."""
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, _FOLDER
    try:
        return cast(Function, njit(cache=True)(function))
    finally:
        config.CACHE_DIR = before
