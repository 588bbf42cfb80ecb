"""Removes what programs leave behind: folders however deep, and with whatever rights."""

import contextlib
import os

_ATTEMPTS = 3
"""Another process may remove the same."""


def remove(folder: str) -> None:
    """Remove a folder with all that is in it, as far as this user can; links are not followed.

    No recursion, no long paths and few descriptors: a program makes thousands of folders one within the other.
    """
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(OSError):
            _empty(folder)
        try:
            os.rmdir(folder)  # noqa: PTH106
        except FileNotFoundError:
            return
        except OSError:
            continue


def _empty(folder: str) -> None:
    here = _opened(folder, None)
    around: list[tuple[str, os.stat_result, list[str]]] = []
    """Of the folders on the way down: the name that was taken, the folder in which it lies, its other folders."""
    try:
        folders = _without_files(here)
        while folders or around:
            if folders:
                name = folders.pop()
                with contextlib.suppress(OSError):
                    below = _opened(name, here)
                    around.append((name, os.fstat(here), folders))
                    os.close(here)
                    here = below
                    folders = _without_files(here)
            else:
                name, expected, folders = around.pop()
                above = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
                os.close(here)
                here = above
                if not os.path.samestat(os.fstat(here), expected):
                    return  # somebody moves the folders meanwhile: what lies here may be anybody's
                with contextlib.suppress(OSError):
                    os.rmdir(name, dir_fd=here)
    finally:
        os.close(here)


def _opened(name: str, within: int | None) -> int:
    """A descriptor of a folder that lets its owner do everything from now on. Raises OSError, also for a link."""
    found = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
    try:
        with contextlib.suppress(OSError):
            os.chmod(f"/proc/self/fd/{found}", 0o700)  # noqa: PTH101
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=found)
    finally:
        os.close(found)


def _without_files(folder: int) -> list[str]:
    """Remove all but the folders in a folder; their names."""
    with os.scandir(folder) as listed:
        entries = list(listed)
    folders = []
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        else:
            with contextlib.suppress(OSError):
                os.unlink(entry.name, dir_fd=folder)
    return folders
