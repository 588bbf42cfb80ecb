"""A folder of prompts that would change nothing is refused."""

from pathlib import Path

import pytest

from adrs import prompt_folder
from adrs.errors import UserError


def test_shipped_names_and_parts_that_they_name_are_fine(tmp_path: Path) -> None:
    (tmp_path / "improve.md.j2").write_text('{% include "tone.md.j2" %}')
    (tmp_path / "tone.md.j2").write_text("Be brief.")
    (tmp_path / "README.md").write_text("Ours.")
    prompt_folder.check(tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("improv.md.j2", r'improv\.md\.j2 replaces no prompt template; did you mean "improve\.md\.j2"'),
        ("improve.j2", r"improve\.j2 replaces no prompt template"),
        ("README.md", r"holds no prompt templates; they are named .*improve\.md\.j2, "),
    ],
)
def test_what_would_have_no_effect_is_one_sentence(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / name).write_text("Be brief.")
    with pytest.raises(UserError, match=expected):
        prompt_folder.check(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        prompt_folder.check(tmp_path / "nowhere")
