"""What is said of the answers of a program whose answers are single numbers."""

from pathlib import Path

import pytest

from adrs import plugins
from adrs.distill.minimise.tolerance import Mode
from adrs.distill.observer import Nobody
from adrs.distill.session import of_file
from adrs.distill.work import Wish
from adrs.testing.executor import InProcessExecutor

FOLDER = Path(__file__).parents[1] / "valve"


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("preserve", "the original is kept, so that there is nothing to compare"),
        ("improve", "improve does not ask for the same answers; the metrics are compared"),
    ],
)
def test_answers_that_were_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, said: str) -> None:
    load = plugins.load
    monkeypatch.setattr(
        plugins, "load", lambda seam, name: InProcessExecutor if seam == "executor" else load(seam, name)
    )
    wish = Wish(mode, only="minimise", seconds=0.0)
    outcome = of_file(str(FOLDER), FOLDER / "seed.py", wish, None, tmp_path / "out", Nobody())
    (check,) = (check for check in outcome.work.checks if check.name == "answers")
    assert check.skipped
    assert check.detail == said
