"""What programs leave behind goes, whatever they did to it."""

import os
from pathlib import Path

import pytest

from adrs.sandbox.inside import removal
from adrs.sandbox.inside.removal import remove


def test_folders_go_however_deep_and_with_whatever_rights(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "link").symlink_to(outside)
    for name, mode in (("unlisted", 0o300), ("unwritable", 0o500), ("closed", 0)):
        (scratch / name).mkdir()
        (scratch / name / "file").write_text("")
        (scratch / name / "folder").mkdir()
        (scratch / name).chmod(mode)
    here = os.open(scratch, os.O_RDONLY)
    for _ in range(1010):  # deeper than Python recurses
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    remove(str(scratch))
    assert not scratch.exists()
    assert (outside / "kept").exists()


def test_a_folder_that_is_moved_meanwhile_leads_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("a", "elsewhere", "scratch/a", "scratch/b/moved"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "a" / "theirs").write_text("")
    moved = tmp_path / "scratch" / "b" / "moved"
    without_files = removal._without_files

    def moving(folder: int) -> list[str]:
        if moved.exists() and os.path.samestat(os.fstat(folder), moved.stat()):
            moved.rename(tmp_path / "elsewhere" / "moved")
        return sorted(without_files(folder))

    monkeypatch.setattr(removal, "_without_files", moving)
    remove(str(tmp_path / "scratch"))
    assert (tmp_path / "a" / "theirs").exists()


def test_what_is_not_there_is_no_fault(tmp_path: Path) -> None:
    remove(str(tmp_path / "nothing"))
