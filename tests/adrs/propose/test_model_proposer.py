"""The model proposer as a whole: what it asks, what it makes of answers, what it remembers."""

import asyncio
import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fake_models import FakeModels, SlowDriver, context, propose, recorded, told
from hypothesis import given, settings
from hypothesis import strategies as st
from offline_run import Driver

from adrs.errors import UserError
from adrs.llm.models import Models
from adrs.llm.records import MemoryJournal
from adrs.llm.spending import BudgetExhausted, Spending
from adrs.problem import Problem, load
from adrs.program import Brief, Draft, Evaluation, Parent, Program, Usage, WorkloadResult
from adrs.propose import Context
from adrs.propose.model import Model
from adrs.propose.model.proposer import SUMMARY_EVERY
from adrs.testing.openai_server import Answer, Server

PROBLEM = load(str(Path(__file__).parent / "fixtures" / "thermostat"))
SEED = PROBLEM.seed.read_text()


def evaluated(score: float | None) -> Evaluation:
    results = (WorkloadResult("room-1", "ok", {"deviation": 1.0}, score),)
    return Evaluation("train", "full", "ok", "", {"deviation": 1.0}, score, score, results)


def program(number: int = 1, source: str = SEED, score: float | None = 10.0, **more: Any) -> Program:
    return replace(Program(number, source, str(number), evaluation=evaluated(score)), **more)


def power(expression: str) -> str:
    return f"def power(error, rate):\n    return {expression}\n"


def fenced(source: str, words: str = "A new law.") -> str:
    return f"{words}\n\n```python\n{source}```\n"


def edit(search: str, replacement: str) -> str:
    return f"A small change.\n\n<<<<<<< SEARCH\n{search}\n=======\n{replacement}\n>>>>>>> REPLACE\n"


BASE = program(1, power("error"))
GOOD_EDIT = edit("    return error", "    return 2.0 * error")
BAD_EDIT = edit("    return nothing", "    return 2.0 * error")
BRIEF = Brief(7, 12345, BASE, operator="improve")


def drafted(answers: Sequence[str], brief: Brief = BRIEF, **more: Any) -> tuple[Draft, FakeModels]:
    models = FakeModels(answers)
    return propose(Model(context(PROBLEM, models, **more)), brief), models


def test_an_edit_becomes_a_draft_with_its_lineage_and_cost() -> None:
    other = program(3)
    draft, models = drafted([GOOD_EDIT], replace(BRIEF, inspirations=(other,)))
    assert draft.source == power("2.0 * error")
    assert (draft.proposer, draft.operator, draft.model, draft.failure) == ("model", "improve", "one", "")
    assert draft.parents == (Parent(1, "parent"), Parent(3, "inspiration"))
    assert draft.rationale == "A small change."
    assert draft.usage == Usage(0.002, 100, 20, 1, 0.5)
    assert draft.detail == {
        "baseline": 10.0, "form": "edits", "usd": 0.002, "calls": 1, "input_tokens": 100, "output_tokens": 20,
    }  # fmt: skip
    assert [ticket for ticket, _ in models.requests] == [7]


def test_one_turn_to_correct_an_answer_is_given_with_the_exact_error() -> None:
    draft, models = drafted([BAD_EDIT, GOOD_EDIT])
    assert draft.source == power("2.0 * error")
    assert draft.usage.calls == 2
    first, second = (messages for _, messages in models.requests)
    assert second[: len(first)] == first
    assert [message.role for message in second] == ["system", "user", "assistant", "user"]
    assert second[2].content == BAD_EDIT.strip()
    assert "SEARCH/REPLACE block 1 does not fit: it is not in the program" in second[3].content
    assert "no line 'return nothing'" in second[3].content


def test_a_syntax_error_is_corrected_before_it_costs_an_evaluation() -> None:
    draft, models = drafted([edit("    return error", "    return (error"), GOOD_EDIT])
    assert draft.source == power("2.0 * error")
    assert "syntax error in line 2" in models.requests[1][1][-1].content


def test_an_answer_that_was_cut_off_is_asked_for_in_fewer_words_and_not_as_a_whole_program() -> None:
    draft, models = drafted([GOOD_EDIT[:-20], GOOD_EDIT[:-20]])
    assert "Think and write less than before" in models.requests[1][1][-1].content
    assert len(models.requests) == 2
    assert "cut off at the most tokens that it may have (--max-output-tokens)" in draft.failure
    _, models = drafted([BAD_EDIT, GOOD_EDIT])
    assert "Think and write less than before" not in models.requests[1][1][-1].content


def test_edits_that_fail_twice_are_followed_by_the_whole_program() -> None:
    draft, models = drafted([BAD_EDIT, BAD_EDIT, fenced(power("3.0 * error"))])
    assert draft.source == power("3.0 * error")
    assert (draft.operator, draft.detail["form"], draft.usage.calls) == ("improve", "program", 3)
    assert "whole program in one fence" in models.requests[2][1][-1].content
    assert "could not be used before" in models.requests[2][1][-1].content


@pytest.mark.parametrize(
    ("operator", "answers", "failure"),
    [
        ("improve", [BAD_EDIT, BAD_EDIT, "No."], "answer refused: the answer has no code"),
        ("rewrite", ["No.", "I cannot do that."], "answer refused: the answer has no code"),
        ("rewrite", ["x" * 2_000_000, "\0"], "answer refused: the answer contains null bytes"),
        ("rewrite", [fenced(power("(error")), fenced(power("(error"))], "answer refused: syntax error in line 2"),
        ("improve", ["error: refused: I cannot help with that"], "one gave no answer: refused: I cannot help"),
        ("improve", [BAD_EDIT, "error: HTTP 500 after 5 attempts"], "one gave no answer: HTTP 500 after 5 attempts"),
    ],
)
def test_an_answer_that_gives_no_program_is_a_draft_that_says_why(
    operator: str, answers: list[str], failure: str
) -> None:
    draft, models = drafted(answers, replace(BRIEF, operator=operator))
    assert draft.failure.startswith(failure)
    assert "\n" not in draft.failure
    assert len(draft.failure) <= 600
    assert (draft.operator, draft.parents, draft.model) == (operator, (Parent(1, "parent"),), "one")
    assert draft.usage.calls == len(models.requests) == len(answers)


def test_what_cannot_be_kept_in_a_log_does_not_get_there() -> None:
    """Lone surrogates in words, sources and failures."""
    draft, _ = drafted([fenced(power("error * 2  # \udc80"), "Odd \ud800 words.")], replace(BRIEF, operator="rewrite"))
    failing, _ = drafted([edit("\ud800", "x")] * 2 + ["\udfff"])
    for text in (draft.source, draft.rationale, failing.failure, json.dumps(dict(draft.detail))):
        assert text.encode()


def test_errors_of_the_endpoint_and_the_budget_end_the_run() -> None:
    class Exhausted(FakeModels):
        async def ask(self, *_: Any) -> Any:
            raise BudgetExhausted("max-usd", "$1 of $1 are spent")

    with pytest.raises(BudgetExhausted):
        propose(Model(context(PROBLEM, Exhausted([]))), BRIEF)


def test_two_parents_are_crossed() -> None:
    first, second = (program(n, power(law), 10.0 + n) for n, law in ((2, "error - rate"), (3, "error / 2")))
    brief = replace(BRIEF, inspirations=(first, second), operator="cross")
    draft, models = drafted([fenced(power("(error - rate) / 2"))], brief)
    assert draft.operator == "cross"
    assert draft.parents[0] == Parent(1, "parent")
    crossed = draft.parents[1]
    assert crossed.role == "crossover"
    shown = models.requests[0][1][1].content
    assert {2: "error - rate", 3: "error / 2"}[crossed.id] in shown
    assert f"what is good in program {crossed.id}" in shown


def test_no_parent_is_crossed_with_what_is_better_nowhere() -> None:
    worse = (program(2, power("error - rate"), 9.0), program(3, power("error  # the same"), 10.0))
    brief = replace(BRIEF, inspirations=worse, operator="cross")
    assert drafted([GOOD_EDIT] + [fenced(power("error / 3"))] * 2, brief)[0].operator != "cross"
    better = program(4, power("error / 2"), 11.0)
    draft, _ = drafted([fenced(power("error / 3"))], replace(brief, inspirations=(*worse, better)))
    assert draft.parents == (Parent(1, "parent"), Parent(4, "crossover"))


def test_a_failing_program_is_repaired_once() -> None:
    models = FakeModels([fenced(power("1 / 0")), fenced(power("1.0")), GOOD_EDIT])
    proposer = Model(context(PROBLEM, models))
    proposer.tell(BASE)
    bad = propose(proposer, replace(BRIEF, operator="rewrite"))
    broken = Evaluation("train", "full", "error", "ZeroDivisionError: division by zero", output="about to divide")
    proposer.tell(told(bad, 2, broken))
    repaired = propose(proposer, replace(BRIEF, ticket=8, operator="repair"))
    assert repaired.operator == "repair"
    assert repaired.parents == (Parent(2, "parent"),)
    shown = models.requests[1][1][1].content
    for words in ("1 / 0", "ZeroDivisionError", "about to divide", "Program 2 failed"):
        assert words in shown
    assert propose(proposer, replace(BRIEF, ticket=9, operator="repair")).operator != "repair"


def test_a_parent_that_failed_is_repaired() -> None:
    parent = program(4, power("1 / 0"), evaluation=Evaluation("train", "full", "timeout", "power took 2 s"))
    draft, _ = drafted([edit("    return 1 / 0", "    return error")], replace(BRIEF, parent=parent))
    assert (draft.operator, draft.parents) == ("repair", (Parent(4, "parent"),))


def test_kinds_of_request_follow_what_they_gain() -> None:
    models = FakeModels(lambda _: fenced(power(f"error * {random.random()}")))
    proposer = Model(context(PROBLEM, models))
    proposer.tell(BASE)
    for number in range(2, 80):
        draft = propose(proposer, replace(BRIEF, ticket=number, seed=number, operator=None))
        gains = draft.operator == "rewrite"
        proposer.tell(told(draft, number, evaluated(10.0 + number * gains)))
    kinds = [propose(proposer, replace(BRIEF, ticket=n, seed=n, operator=None)).operator for n in range(100, 200)]
    assert kinds.count("rewrite") > kinds.count("improve") > 0


def test_models_hear_what_their_programs_gained_and_cost() -> None:
    models = FakeModels([GOOD_EDIT, fenced(power("error * 4"))], labels=["a", "b"])
    proposer = Model(context(PROBLEM, models))
    proposer.tell(BASE)
    first = propose(proposer, BRIEF)
    second = propose(proposer, replace(BRIEF, ticket=8, operator="rewrite"))
    proposer.tell(told(first, 2, evaluated(50.0)))
    proposer.tell(told(second, 3, Evaluation("train", "full", "invalid", "range")))
    proposer.tell(program(4, score=80.0, proposer="embedded", operator="tune"))
    assert [(model, usd) for model, _, usd in models.told] == [(first.model, 0.002), (second.model, 0.002)]
    assert models.told[0][1] > 0.0 == models.told[1][1]


def test_a_promoted_program_is_not_paid_for_twice() -> None:
    models = FakeModels([GOOD_EDIT])
    proposer = Model(context(PROBLEM, models))
    proposer.tell(BASE)
    draft = propose(proposer, BRIEF)
    proposer.tell(told(draft, 2, Evaluation("train", "smoke", "ok")))
    proposer.tell(told(draft, 2, evaluated(50.0)))
    assert [usd for _, _, usd in models.told] == [0.002, 0.0]
    assert [gain > 0 for _, gain, _ in models.told] == [False, True]


def summarising(prompt: str) -> str:
    if "Write a summary" in prompt:
        return "Doubling the gain worked. ```# Your task```"
    return fenced(power(f"error * {int(sha256(prompt.encode()).hexdigest()[:6], 16)}"))


def test_a_summary_is_asked_for_now_and_then_and_shown_afterwards() -> None:
    models = FakeModels(summarising)
    proposer = Model(context(PROBLEM, models))
    for number in range(1, SUMMARY_EVERY + 1):
        proposer.tell(program(number, score=float(number), rationale=f"step {number}", proposer="embedded"))
    ticket = SUMMARY_EVERY + 1
    draft = propose(proposer, replace(BRIEF, ticket=ticket, operator="rewrite"))
    (_, asked), (_, request) = models.requests
    assert [number for number, _ in models.requests] == [ticket, ticket]
    assert "program 50: step 50 -> score 50.0, deviation 1" in asked[1].content
    assert "Doubling the gain worked." in request[1].content
    assert draft.detail["summary"] == "Doubling the gain worked. ```# Your task```"
    assert draft.usage.calls == 2
    propose(proposer, replace(BRIEF, ticket=ticket + 1, operator="rewrite"))
    assert "Doubling" not in models.requests[2][1][1].content, "the program with the summary has not been told yet"
    proposer.tell(told(draft, ticket, evaluated(1.0)))
    propose(proposer, replace(BRIEF, ticket=ticket + 2, operator="rewrite"))
    assert "Doubling" in models.requests[3][1][1].content
    assert len(models.requests) == 4, "no second summary so soon"


def test_a_summary_that_fails_does_not_keep_the_program_from_being_made() -> None:
    models = FakeModels(lambda prompt: "error: HTTP 500" if "Write a summary" in prompt else fenced(power("error * 2")))
    proposer = Model(context(PROBLEM, models))
    for number in range(1, SUMMARY_EVERY + 1):
        proposer.tell(program(number))
    draft = propose(proposer, replace(BRIEF, operator="rewrite"))
    assert (draft.failure, draft.detail["summary"]) == ("", "")


def test_earlier_attempts_and_stagnation_are_shown() -> None:
    models = FakeModels([GOOD_EDIT])
    proposer = Model(context(PROBLEM, models))
    proposer.tell(BASE)
    for number in range(2, 40):
        parents = (Parent(1, "parent"),)
        proposer.tell(program(number, score=5.0, rationale=f"tried {number}", parents=parents, proposer="model"))
    propose(proposer, BRIEF)
    shown = models.requests[0][1][1].content
    assert "program 39 from 1: tried 39 -> score 5.0, deviation 1 (-5.0)" in shown
    assert "The last 38 programs brought no improvement" in shown


@pytest.mark.parametrize("kind", ["improve", "rewrite", "cross"])
def test_requests_say_the_best_so_far(kind: str) -> None:
    models = FakeModels([fenced(power("3.0 * error"))])
    proposer = Model(context(PROBLEM, models))
    for each in (BASE, program(2, score=None), program(3, score=43.21), program(4, score=20.0)):
        proposer.tell(each)
    proposer.tell(program(2, score=43.26))  # promoted to its next stage
    propose(proposer, replace(BRIEF, operator=kind, inspirations=(program(4, score=20.0),)))
    assert "The best program so far is program 2: 43.3, deviation 1." in models.requests[0][1][1].content


def test_a_request_about_the_best_program_says_so() -> None:
    models = FakeModels([GOOD_EDIT])
    proposer = Model(context(PROBLEM, models))
    proposer.tell(BASE)
    propose(proposer, BRIEF)
    assert "It is the best program so far." in models.requests[0][1][1].content


@pytest.mark.parametrize(("given", "stated"), [(0.05, "0.05 s"), (500.0, "10 s"), (None, "10 s")])
def test_requests_state_the_limit_of_a_call_that_holds_in_the_run(given: float | None, stated: str) -> None:
    _, models = drafted([GOOD_EDIT], call_seconds=given)
    assert f"- {stated} of wall and CPU time a call" in models.requests[0][1][0].content


def test_without_models_it_is_refused() -> None:
    with pytest.raises(UserError, match="give one with --model"):
        Model(Context(PROBLEM, 0))


def test_a_wrong_template_is_found_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "correction.md.j2").write_text("{{ reson }}")
    with pytest.raises(UserError, match="'reson' is undefined"):
        Model(context(PROBLEM, FakeModels([]), prompts=tmp_path))


def pretend(source: str) -> Evaluation:
    """A fitness out of the air, the same for the same source; every fourth program fails."""
    value = int.from_bytes(sha256(source.encode()).digest()[:4], "big")
    if value % 4 == 0 and "error *" in source:
        return Evaluation("train", "full", "error", f"pretended {value}", output="printed")
    score = 100 * value / 2**32
    results = tuple(WorkloadResult(f"room-{n}", "ok", {"deviation": 1.0}, (score * n) % 100) for n in (1, 2))
    return Evaluation("train", "full", "ok", "", {"deviation": -score}, score, score, results)


def pretended_answers(prompt: str) -> str:
    """Programs, edits, malformed answers, failed calls and summaries: a function of the prompt alone."""
    drawn = random.Random(sha256(prompt.encode()).digest())
    if "Write a summary" in prompt:
        return drawn.choice(["It worked.", "error: HTTP 500", "<think>", ""])
    line = re.search(r"^    return .*$", prompt, re.MULTILINE)
    other = f"    return error * {drawn.random()}"
    return drawn.choice(
        [
            fenced(power(f"error * {drawn.randrange(40)}")),
            edit(line[0] if line else "nothing", other),
            edit("    nothing", other),
            "I cannot do that.",
            "error: HTTP 500 after 5 attempts",
            f"@@ -2 +2 @@\n-{line[0] if line else 'nothing'}\n+{other}",
            fenced("def power(error, rate):\n    return (\n"),
        ]
    )


def made(labels: Sequence[str] = ("a", "b")) -> Model:
    return Model(context(PROBLEM, FakeModels(pretended_answers, labels=labels)))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 130), st.sampled_from([1, 3, 8]), st.integers(0, 5))
def test_recalling_leaves_the_state_that_proposing_left(cut: int, window: int, seed: int) -> None:
    whole = Driver(PROBLEM, made(), pretend, seed).drive(130, window)
    known = {ticket: draft for ticket, draft in recorded(whole.drafts).items() if ticket <= cut}
    resumed = Driver(PROBLEM, made(), pretend, seed).drive(130, window, known)
    assert recorded(resumed.drafts) == recorded(whole.drafts)
    assert {draft.operator for draft in whole.drafts.values()} == {"improve", "rewrite", "cross", "repair"}
    assert sum("summary" in draft.detail for draft in whole.drafts.values()) == 2


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([2, 8]))
def test_how_long_answers_take_changes_nothing(pauses: int, window: int) -> None:
    """Whoever answers first, requests and programs are the same, since they are told in the order of tickets."""
    runs = []
    for longest in (0, 30):
        models = FakeModels(pretended_answers, labels=["a", "b"])
        models.pauses, models.longest_pause = random.Random(pauses), longest
        driver = SlowDriver(PROBLEM, Model(context(PROBLEM, models)), pretend, 3)
        driver.drive_side_by_side(120, window)
        runs.append((driver.run.drafts, sorted(models.journal)))
    assert runs[0] == runs[1]


def test_memory_stays_bounded() -> None:
    proposer = made()
    evaluation = Evaluation("train", "full", "error", "no", output="x" * 1000)
    for number in range(1, 6000):
        proposer.tell(Program(number, "x" * 100, "d", (Parent(number // 2, "parent"),), "model", "improve", "a",
                              rationale="words " * 100, evaluation=evaluation, detail={"usd": 0.1}))  # fmt: skip
    memory = proposer._memory
    assert len(memory.failing) <= 4
    assert len(memory._scores) <= 2000
    assert len(memory._gains._fitness) <= 4096
    assert len(memory.history(10**6)) <= 200


def with_server(problem: Problem, server: Server, journal: Any, spending: Spending | None = None) -> Draft:
    async def use() -> Draft:
        async with Models([f"stub@{server.url}"], journal, spending or Spending()) as models:
            return await Model(Context(problem, 0, models)).propose(BRIEF)

    return asyncio.run(use())


FORMS = {
    "edits": GOOD_EDIT,
    "diff": "A small change.\n\n```diff\n@@ -2 +2 @@\n-    return error\n+    return 2.0 * error\n```",
    "program": fenced(power("2.0 * error"), "A small change."),
}


@pytest.mark.parametrize("form", list(FORMS))
def test_over_a_socket_each_form_gives_the_program_and_nothing_is_paid_twice(form: str) -> None:
    journal = MemoryJournal()
    with Server([Answer("Sorry, here it comes.", 400, 30), Answer(FORMS[form], 500, 60)]) as server:
        first = with_server(PROBLEM, server, journal)
        second = with_server(PROBLEM, server, journal)  # after a crash: the same ticket, the same requests
    assert first == second
    assert (first.source, first.detail["form"]) == (power("2.0 * error"), form)
    assert (first.usage.input_tokens, first.usage.output_tokens, first.usage.calls) == (900, 90, 2)
    assert server.counts["requests"] == 2


def test_an_independent_request_says_nothing_of_earlier_programs() -> None:
    independent = replace(BRIEF, operator="rewrite", independent=True)
    requests = []
    for taught in (False, True):
        models = FakeModels([fenced(power("3.0 * error"))])
        proposer = Model(context(PROBLEM, models))
        if taught:
            for number in range(2, 2 + SUMMARY_EVERY):
                proposer.tell(program(number, power(f"{number} * error"), 9.0, parents=(Parent(1, "parent"),)))
        propose(proposer, independent)
        requests.append([message.content for _, messages in models.requests for message in messages])
    assert requests[0] == requests[1]
