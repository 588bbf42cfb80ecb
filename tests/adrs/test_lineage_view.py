"""What the verbs draw: it fits the terminal, is whole in a pipe, and no program writes to the terminal itself."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from adrs import cli, lineage, problem, scaffold
from adrs.budget import Budget
from adrs.cli import inspect, lineage_view, live, output, problems, program_view
from adrs.cli.output import folded
from adrs.errors import UserError
from adrs.program import Draft, Evaluation, Parent, Program, WorkloadResult
from adrs.store import Reader
from tests.adrs.hostile_text import DIRECTION, EVERYTHING, MARKUP, RAW
from tests.adrs.lineage.conftest import story  # noqa: F401 - the run that is drawn
from tests.adrs.lineage_tools import Log

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
OBJECTIVE = lineage.Declared("", "", "makespan", "minimize", "s", noisy=False, margin=0.0, seed="seed.py")
Draw = Callable[[Callable[[], None]], str]


def drawing(monkeypatch: pytest.MonkeyPatch, width: int, terminal: bool = True) -> Draw:
    """Runs a view on a terminal of this width; returns what it wrote, without colours."""

    def draw(view: Callable[[], None]) -> str:
        stream = io.StringIO()
        out = Console(file=stream, width=width, force_terminal=terminal, highlight=False)
        for module in (lineage_view, program_view):
            monkeypatch.setattr(module, "console", lambda: out)
        view()
        return _COLOURS.sub("", stream.getvalue())

    return draw


def tree_of(reader: Reader, everything: bool = False) -> Callable[[], None]:
    found = lineage.tree(reader, everything)
    line = lineage.line(reader, found.winner) if found.winner is not None else []
    return lambda: lineage_view.print_tree(reader.info, found, line, chosen=True)


def test_a_line_goes_on_straight_and_branches_are_set_in(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    with Reader(story) as reader:
        text = drawing(monkeypatch, 160)(tree_of(reader))
    assert [line.split(" because")[0] for line in text.splitlines()[:6]] == [
        "story  7 programs, 5 shown", "● #1 0.00 seed", "○ #2 20.00 +20.0 model/rewrite gpt",
        "○ #3 60.00 +40.0 model/improve gpt (+2)", "├─● #7 95.00 +35.0 embedded/tune",
        "○ #6 90.00 +30.0 embedded/tune winner",
    ]  # fmt: skip


def test_a_duplicate_says_of_what_and_shows_no_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 60.0)
    log.program(1, 60.0, verdict="rejected", reason="duplicate of program 2", duplicate_of=2, rationale="greedy")
    with Reader(log.close()) as reader:
        text = drawing(monkeypatch, 160)(tree_of(reader, everything=True))
    assert "├─● #3 rejected embedded/tune duplicate of program 2" in text.splitlines()


def test_a_child_of_what_was_distilled_is_drawn_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 50.0)
    log.program(1, 60.0)
    small, other, smaller = (log.distilled(parent) for parent in (3, 2, 4))
    with Reader(log.close()) as reader:
        text = drawing(monkeypatch, 160)(tree_of(reader))
    assert (small, other, smaller) == (4, 5, 6)
    assert [line.split(" because")[0] for line in text.splitlines()[1:7]] == [
        "● #1 0.00 seed", "├─● #2 50.00 +50.0 embedded/tune", "│ ○ #5 50.00 = distill/minimise",
        "○ #3 60.00 +60.0 embedded/tune winner", "○ #4 60.00 = distill/minimise", "○ #6 60.00 = distill/minimise",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_tree_never_leaves_the_terminal_and_is_whole_in_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    with log.writer.together():
        for number in range(2, 120):
            log.program(number - 1, float(number), rationale=f"{'wide ' * 60}end", source="x = 1  #" + "y" * 300)
            number += 1
    with Reader(log.close()) as reader:
        view = tree_of(reader)
        text = drawing(monkeypatch, width)(view)
        piped = drawing(monkeypatch, 160, terminal=False)(view)
        steps = lineage.ancestry(reader, 100)
        shown = drawing(monkeypatch, width)(lambda: lineage_view.print_ancestry(steps, "line"))
    assert max(len(line) for line in text.splitlines()) <= width or width < 60
    assert max(len(line) for line in shown.splitlines()) <= width
    assert len(piped.splitlines()) == 121
    assert "├─● a branch" in piped.splitlines()[-1]
    assert piped.count("wide end") == 118


def test_one_program_and_a_difference(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    with Reader(story) as reader:
        found = lineage.detail(reader, 6)
        parent = reader.program(3)
    text = drawing(monkeypatch, 80)(lambda: program_view.print_program(found, "line", OBJECTIVE))
    words = " ".join(text.split())
    assert "program 6 ok score 90.00 +30.0 over #3" in words
    assert "uniform score 40.00 85.00 +45.0 makespan 40 85" in words
    assert "return 6" in text
    assert "feedback uniform" in text
    lines = lineage.diff(parent, found.program)
    changed = drawing(monkeypatch, 80)(lambda: program_view.print_diff(parent, found.program, lines, "line", OBJECTIVE))
    assert "-    return 3" in changed.splitlines()
    assert "+    return 6" in changed.splitlines()
    words = " ".join(changed.split())
    assert "#3 ok score 60.00 makespan 1.4 s #6 ok score 90.00 makespan 1.1 s +30.0 on train; makespan: less" in words
    assert "workload of train metric #3 #6 gain skewed score 80.00 95.00 +15.0 makespan 80 95 uniform" in words
    bare = [replace(each, before=replace(each.before, score=None)) for each in found.workloads]
    unscaled = drawing(monkeypatch, 80)(lambda: program_view.print_program(replace(found, workloads=tuple(bare)),
                                                                           "line", OBJECTIVE))  # fmt: skip
    assert "makespan 40 85 -45.0" in " ".join(unscaled.split())


def test_workloads_of_another_split_are_shown_alone_where_the_parent_was_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 50.0, workloads={"uniform": 5.0})
    result = WorkloadResult("seldom", "ok", {"makespan": 1.25}, 75.0, "tight")
    evaluation = Evaluation("test", "full", "ok", "", {"makespan": 1.25}, -1.25, 75.0, (result,))
    log.writer.evaluated(None, 2, evaluation)
    with Reader(log.close()) as reader:
        found = lineage.detail(reader, 2, "test")
        with pytest.raises(UserError, match="program 1 was not measured on test, but on train"):
            lineage.detail(reader, 1, "test")
    text = drawing(monkeypatch, 80)(lambda: program_view.print_program(found, "line", OBJECTIVE, "test"))
    words = " ".join(text.split())
    assert "workload of test metric #2 seldom score 75.00 makespan 1.25 feedback seldom tight" in words


def test_without_a_scale_a_gain_is_of_the_score_that_the_evaluator_gave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 5.0)
    with Reader(log.close()) as reader:
        found = lineage.detail(reader, 2)
    results = [WorkloadResult("evaluate", "ok", {"combined_score": value, "size": 1.0}) for value in (0.5, 2.75)]
    compared = replace(found, workloads=(lineage.Compared("evaluate", *results),))
    text = drawing(monkeypatch, 80)(
        lambda: program_view.print_program(
            compared, "shared", replace(OBJECTIVE, metric="combined_score", direction="maximize")
        )
    )
    words = " ".join(text.split())
    assert "evaluate combined_score 0.5 2.75 +2.2 size 1 1" in words


def test_prompt_and_answer_word_for_word(story: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    with Reader(story) as reader:
        found = lineage.detail(reader, 2)
    program_view.print_calls(found, prompt=True, answer=True)
    text = capsys.readouterr().out
    assert "--- call 1 of 1 to gpt: user\nImprove program 2 <b>\n" in text
    assert text.endswith("--- call 1 of 1 to gpt: answer\nanswer 2\n")


def test_notes_stand_with_their_program_in_ancestry_and_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 5.0)
    for text in (f"why this works {DIRECTION}", "and when"):
        log.writer.event("note", {"text": text, "program": 2})
    with Reader(log.close()) as reader:
        steps, found = lineage.ancestry(reader, 2), lineage.detail(reader, 2)
    assert [[note.text[:8] for note in step.notes] for step in steps] == [[], ["why this", "and when"]]
    for draw in (
        lambda: lineage_view.print_ancestry(steps, "line"),
        lambda: program_view.print_program(found, "line", OBJECTIVE),
    ):
        text = drawing(monkeypatch, 80)(draw)
        assert "why this works \\u202eevil" in text
        assert text.index("why this") < text.index("and when")


def test_no_program_writes_to_the_terminal_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 5.0, source=f"# {EVERYTHING}\nx = 1", rationale=EVERYTHING, operator=EVERYTHING, model=EVERYTHING,
                output=EVERYTHING, workloads={MARKUP: 1.0}, feedback=EVERYTHING)  # fmt: skip
    log.program(2, None, verdict=EVERYTHING[:-1], reason=EVERYTHING, rationale=EVERYTHING)
    with Reader(log.close()) as reader:
        steps, found = lineage.ancestry(reader, 3), lineage.detail(reader, 2)
        draw = drawing(monkeypatch, 80)
        texts = [
            draw(tree_of(reader, everything=True)),
            draw(lambda: lineage_view.print_ancestry(steps, "line")),
            draw(lambda: program_view.print_program(found, "line", OBJECTIVE)),
            draw(
                lambda: program_view.print_diff(steps[0].program, steps[1].program, steps[1].diff(), "line", OBJECTIVE)
            ),
        ]
    for text in texts:
        assert not [mark for mark in RAW if mark in text]
        assert "\\x1b[2J" in "".join(text.split())
    for text in texts[1:]:  # the tree is cut off before
        assert "\\u202e" in "".join(text.split())
        assert "[boldred]markup[/]" in "".join(text.split())


def test_names_errors_and_whatever_else_is_printed_steer_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Log(tmp_path, "run [red] \x1b]0;owned\x07")
    log.program(None, 0.0)
    log.writer.event("stopped", {"by": "\x9b31m \u202e"})
    log.close()
    inspect.list_runs(tmp_path / "runs")
    output.console().print(Text(EVERYTHING), Panel(EVERYTHING), soft_wrap=True)

    def fail() -> None:
        raise UserError(EVERYTHING)

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit):
        cli.main()
    seen = capsys.readouterr()
    assert "run [red] \\x1b]0;owned\\x07" in seen.out
    assert "\\x9b31m \\u202e" in seen.out
    for text in (seen.out, seen.err):
        assert "\\x1b[2J" in text
        assert not [mark for mark in RAW if mark in text]


def test_ends_of_intervals_stand_behind_their_metric() -> None:
    shown = folded({"cost": 2.0, "share_low": 0.5, "cost_low": 1.5, "cost_high": 2.5, "left_low": 3.0})
    assert shown == {"cost": "2 [1.5, 2.5]", "share_low": "0.5", "left_low": "3"}


@pytest.mark.parametrize("metrics", [1, 5])
def test_a_table_of_workloads_has_rows_for_what_there_is_more_of(
    capsys: pytest.CaptureFixture[str], metrics: int
) -> None:
    values = {f"m{number}": float(number) for number in range(metrics)}
    problems._print_workloads(output.console(), [WorkloadResult(name, "ok", values, 1.0) for name in ("a", "b", "c")])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0][0] == "workload"
    assert lines[0][1:] == (["a", "b", "c"] if metrics == 5 else ["verdict", "score", "m0"])
    assert len(lines) == 1 + (2 + metrics if metrics == 5 else 3)


def test_what_has_no_evaluation_yet_is_pending_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    draft = Draft("def solve(instance): ...\n", "embedded", "tune", (Parent(1, "parent"),))
    log.writer.proposed(2, 2, 0, "", draft)
    draw = drawing(monkeypatch, 160)
    with Reader(log.close()) as reader:
        assert reader.program(2).state == "pending"
        assert "pending" in draw(lambda: lineage_view.print_ancestry(lineage.ancestry(reader, 2), "line"))
        assert "pending" in draw(tree_of(reader, everything=True))


def test_the_live_panel_says_how_much_of_the_budget_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scaffold.make(tmp_path / "demo")
    stream = io.StringIO()
    monkeypatch.setattr(live, "console", lambda stderr: Console(file=stream, width=120, force_terminal=True))
    evaluation = Evaluation("train", "full", "ok", "", {"makespan": 1.5}, -1.5, 50.0)
    loaded = problem.load(str(tmp_path / "demo"))
    with live.View(loaded, "first", quiet=False, budget=Budget(26, 600.0)) as view:
        view.told(Program(1, "", "", evaluation=evaluation), 19)
    text = _COLOURS.sub("", stream.getvalue())
    assert "0:00 of 10:00" in text
    assert "evaluations 19 of 26" in text
