"""From a program to a shorter one that chooses by an expression, in the table, the report and the files."""

import re
import shutil
from pathlib import Path

import pytest

from adrs import plugins, resources
from adrs.distill import session as distill
from adrs.distill.observer import Nobody
from adrs.distill.priority import fit
from adrs.distill.symbolic.search import Effort
from adrs.distill.work import Wish
from adrs.errors import UserError
from adrs.testing.executor import InProcessExecutor
from tests.adrs.distill.priority.test_record import BALANCE

BLOATED = BALANCE.replace(
    "key=lambda place: busy[place] * 2.0 + length[job]",
    "key=lambda place: 3.0 * (busy[place] + length[job]) - 0.5 * length[job] + 0.0 * place + 7.25",
)
UNLIKE = BALANCE.replace("busy[place] * 2.0 + length[job]", "(busy[place] * 7919.0 + length[job] * 104729.0) % 97.0")


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    load = plugins.load
    monkeypatch.setattr(
        plugins, "load", lambda seam, name: InProcessExecutor if seam == "executor" else load(seam, name)
    )
    monkeypatch.setattr(fit, "_EFFORT", Effort(population=60, generations=6, rows=500))
    monkeypatch.setattr(fit, "LENGTHS", ())


def distilled(demo: Path, folder: Path, source: str, **wish):
    file = folder / "program.py"
    file.write_text(source)
    wish = Wish(only="expression", workers=0, length=8, **wish)
    return distill.of_file(str(demo), file, wish, None, folder / "out", Nobody())


def test_a_bloated_key_becomes_the_number_that_matters(demo: Path, tmp_path: Path) -> None:
    outcome = distilled(demo, tmp_path, BLOATED)
    work = outcome.work
    assert outcome.exit_code == 0
    assert work.chosen is not None
    assert work.chosen.operator == "distil"
    assert work.chosen.row.more["fidelity"] == pytest.approx(1.0)
    assert "key=lambda place: busy[place])" in work.chosen.source
    assert (tmp_path / "out" / "priority.py").read_text() == work.chosen.source
    original = work.original
    assert original is not None
    assert original.nodes is not None
    assert work.chosen.row.nodes is not None
    assert work.chosen.row.nodes < original.nodes - 10
    for split, found in original.evaluations.items():
        assert work.chosen.row.evaluations[split].metrics == pytest.approx(found.metrics)
    kinds = {row["kind"] for row in outcome.plain()["rules"]}
    assert {"trivial", "original", "flat"} <= kinds
    assert "test" in work.chosen.row.evaluations
    report = (tmp_path / "out" / "report.md").read_text()
    assert "**chosen** | <code>busy[place]</code>" in report
    assert not work.not_done


def test_the_same_seed_gives_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        distilled(demo, tmp_path / name, BLOATED)
        files = {path.name: path.read_text() for path in sorted((tmp_path / name / "out").iterdir())}
        texts.append({name: text for name, text in files.items() if name != "report.md"})
    assert texts[0] == texts[1]


def test_an_order_that_no_expression_has_is_not_chosen_but_shown(demo: Path, tmp_path: Path) -> None:
    outcome = distilled(demo, tmp_path, UNLIKE)
    work = outcome.work
    assert outcome.exit_code == 3
    assert {"flat", "cart"} <= {row.kind for row in work.rules}
    assert all(row.more["fidelity"] < 0.95 for row in work.rules)
    assert any("order otherwise" in sentence for sentence in work.not_done)
    (tmp_path / "free").mkdir()
    free = distilled(demo, tmp_path / "free", UNLIKE, mode="improve").work
    assert free.chosen is not None
    assert free.original is not None
    for split, found in free.original.evaluations.items():
        if split != "test":
            assert (free.chosen.row.evaluations[split].fitness or 0.0) > (found.fitness or 0.0)


def test_without_a_key_one_sentence_says_so(demo: Path, tmp_path: Path) -> None:
    source = "import numpy as np\ndef solve(instance):\n"
    source += "    return np.arange(len(instance['length'])) % instance['machines']\n"
    with pytest.raises(UserError, match="chooses by no number"):
        distilled(demo, tmp_path, source)
    file = tmp_path / "program.py"
    outcome = distill.of_file(str(demo), file, Wish(workers=1), None, tmp_path / "out", Nobody())
    said = [sentence for sentence in outcome.work.not_done if "no expression" in sentence or "export" in sentence]
    assert len(said) == 1


def test_a_policy_of_numbers_without_the_table_is_told_of_it(tmp_path: Path) -> None:
    """And where it is described; one whose answer is no number is not."""
    folder, table = tmp_path / "valve", re.compile(r"\[distill\].*?(?=\[objective\])", re.DOTALL)
    shutil.copytree(Path(__file__).parents[1] / "valve", folder)
    (folder / "problem.toml").write_text(table.sub("", (folder / "problem.toml").read_text()))
    for returns, said in (("float", True), ("int", False)):
        (folder / "problem.toml").write_text(
            (folder / "problem.toml").read_text().replace('returns = "float"', f'returns = "{returns}"')
        )
        with pytest.raises(UserError) as refused:
            distilled(folder, tmp_path, "def valve(observation, state):\n    return 0\n")
        page = resources.folder("docs") / "distillation.md"
        advice = f"but problem.toml has no table [distill], which would say what a rule may read: {page} has"
        assert (f"; valve answers a number, for which a rule could stand, {advice}" in str(refused.value)) is said
    assert "## Your own problem: the table `[distill]`" in page.read_text()


def test_words_of_a_program_do_not_leave_their_place_in_the_report(demo: Path, tmp_path: Path) -> None:
    hostile = BLOATED.replace("7.25", "len('</pre><script>|`\u202e')")
    distilled(demo, tmp_path, hostile)
    report = (tmp_path / "out" / "report.md").read_text()
    assert "<script>" not in report
    assert "\u202e" not in report
