"""No distillation writes over another one's files."""

from pathlib import Path

import pytest

from adrs.distill import place
from adrs.errors import UserError


def test_each_has_a_folder_of_its_own(tmp_path: Path) -> None:
    usual = tmp_path / "distill" / "3"
    assert place.free(usual) == usual
    assert place.earlier(usual) == []
    made = []
    for _ in range(11):
        folder = place.free(usual)
        folder.mkdir(parents=True)
        assert place.free(usual) == folder, "empty ones are free"
        (folder / "report.md").touch()
        made.append(folder)
    assert [folder.name for folder in made] == ["3", *(f"3-{number}" for number in range(2, 12))]
    assert place.earlier(usual) == made[::-1]


def test_one_that_is_named_must_be_empty(tmp_path: Path) -> None:
    assert place.asked_for(tmp_path / "new") == tmp_path / "new"
    assert place.asked_for(tmp_path) == tmp_path
    (tmp_path / "notes.txt").touch()
    for taken in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(UserError, match="is not an empty folder"):
            place.asked_for(taken)
    with pytest.raises(UserError, match="cannot be made"):
        place.make(tmp_path / "notes.txt" / "below")
