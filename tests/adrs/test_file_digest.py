"""Digests of files: always of what they hold now, and large files are read once."""

import hashlib
import os
from pathlib import Path

import pytest

from adrs import resources
from adrs.errors import UserError
from adrs.file_digest import file_digest


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A large file that was last changed long ago."""
    monkeypatch.setenv("ADRS_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "large"
    _write(file, b"a")
    return file


def _write(file: Path, letter: bytes) -> None:
    written = file.with_suffix(".new")
    written.write_bytes(letter * (2 << 20))
    os.utime(written, (1e9, 1e9))
    written.replace(file)


def _right(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_large_file_is_read_once(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = file_digest(large)
    assert first == _right(large)
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert file_digest(large) == first


def test_a_changed_file_is_read_again_though_size_and_time_are_as_before(large: Path) -> None:
    file_digest(large)
    _write(large, b"b")
    assert file_digest(large) == _right(large)


def test_what_has_just_been_written_is_not_remembered(large: Path) -> None:
    large.touch()
    assert file_digest(large) == _right(large)
    assert not (resources.cache_folder() / "digests").exists()


def test_a_damaged_entry_is_written_anew(large: Path) -> None:
    file_digest(large)
    entry = next((resources.cache_folder() / "digests").iterdir())
    entry.write_text("")
    assert file_digest(large) == _right(large)
    assert entry.read_text() == _right(large)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone cannot be read: No such file"):
        file_digest(tmp_path / "gone")
