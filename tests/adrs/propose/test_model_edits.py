import difflib
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adrs.propose.model import edits, locate

PROGRAM = """\
import math


def weight(x):
    if x > 1:
        return x
    return 1


def solve(instance):
    total = 0
    for x in instance:
        total += weight(x)
    return total
"""


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE"


def edited(answer: str, program: str = PROGRAM) -> str:
    lines = answer.split("\n")
    found = edits.search_replace(lines) if edits.has_search_replace(lines) else edits.unified(lines)
    return edits.apply(program, found)


def test_a_block_replaces_its_lines() -> None:
    assert edited(block("        return x\n    return 1", "        return 2 * x\n    return 1")) == PROGRAM.replace(
        "        return x\n", "        return 2 * x\n"
    )


def test_blocks_are_applied_one_after_the_other() -> None:
    first = block("    total = 0", "    total = start = 0")
    second = block("    total = start = 0\n    for x in instance:", "    total = 0\n    for x in sorted(instance):")
    assert "for x in sorted(instance):" in edited(f"Two changes.\n\n{first}\n\nand\n\n{second}\n")


@pytest.mark.parametrize(
    ("search", "divider", "replace"),
    [
        ("<<<<<<< SEARCH:", "=======", ">>>>>>> REPLACE:"),
        ("<<<<<<< SEARCH", "========", ">>>>>>>> REPLACE"),
        ("<<<<<<< ORIGINAL", "=======", ">>>>>>> UPDATED"),
        ("------- SEARCH", "=======", "+++++++ REPLACE"),
    ],
)
def test_markers_may_be_spelled_as_other_tools_spell_them(search: str, divider: str, replace: str) -> None:
    answer = f"{search}\nimport math\n{divider}\nimport cmath\n{replace}"
    assert edited(answer) == PROGRAM.replace("import math", "import cmath")


def test_a_divider_that_is_right_is_preferred_to_a_line_that_resembles_one() -> None:
    title = '"""Title\n=====\n"""'
    assert edited(block("import math", title)) == PROGRAM.replace("import math", title)


def test_an_edit_that_is_given_twice_is_made_once() -> None:
    """Announced first, then given as the answer; also where it could be made again."""
    for changed in ("    total = 1", "    total = 0\n    count = 0"):
        answer = block("    total = 0", changed)
        assert edited(f"My plan:\n\n{answer}\n\nThe answer:\n\n{answer}\n") == edited(answer)
    hunk = "@@ -10 +10 @@\n-    total = 0\n+    total = 1\n"
    assert edited(hunk + hunk) == edited(hunk)


def test_an_empty_replacement_deletes() -> None:
    assert "import math" not in edited("<<<<<<< SEARCH\nimport math\n=======\n>>>>>>> REPLACE")


@pytest.mark.parametrize(
    "search",
    [
        "        total += weight(x)   ",  # white space at the end
        "total += weight(x)",  # indentation left out
        "\ttotal  +=  weight(x)",  # a tab, and runs of spaces
        "\n        total += weight(x)\n",  # blank lines around
        "\u00a0\u00a0total += weight(x)",  # no-break spaces
    ],
)
def test_white_space_differences_are_repaired(search: str) -> None:
    indentation = search.strip("\n")[: len(search.strip("\n")) - len(search.strip("\n").lstrip())]
    changed = edited(block(search, f"{indentation}total += 2 * weight(x)\n{indentation}print(total)"))
    assert changed == PROGRAM.replace(
        "        total += weight(x)\n", "        total += 2 * weight(x)\n        print(total)\n"
    )


def test_a_function_without_its_indentation_is_indented_where_it_goes() -> None:
    program = "class Policy:\n    def choose(self):\n        return 1\n\n    def other(self):\n        return 2\n"
    changed = edited(block("def choose(self):\n    return 1", "def choose(self):\n    x = 3\n\n    return x"), program)
    assert changed.startswith(
        "class Policy:\n    def choose(self):\n        x = 3\n\n        return x\n\n    def other"
    )


def test_lines_whose_first_alone_lost_its_indentation_are_put_where_they_belong() -> None:
    """Whoever quotes a piece of a program is prone to strip it."""
    search, replace = "if x > 1:\n        return x\n    return 1", "if x > 2:\n        return 2 * x\n    return 3"
    expected = PROGRAM.replace("x > 1", "x > 2").replace("return x", "return 2 * x").replace("return 1", "return 3")
    assert edited(block(search, replace)) == edited(block(search, f"    {replace}")) == expected


def test_blank_lines_inside_do_not_matter() -> None:
    changed = edited(block("import math\ndef weight(x):", "import math\ndef weight(y):"))
    assert changed.startswith("import math\ndef weight(y):\n    if x")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (block("    nothing = 1", "    x"), "no line 'nothing = 1'"),
        (block("    return 1\n\n\ndef solve(other):", "x"), "no line 'def solve(other):'"),
        (block("    return total\n    total = 0", "x"), "not in this order"),
        (block("", "x = 1"), "nothing under <<<<<<< SEARCH"),
        (block("   ", "x = 1"), "nothing under <<<<<<< SEARCH"),
        ("<<<<<<< SEARCH\nimport math\n=======\nimport cmath\n", "has no >>>>>>> REPLACE"),
        ("<<<<<<< SEARCH\nimport math\n>>>>>>> REPLACE", "has 0 lines ======="),
        ("<<<<<<< SEARCH\na\n=======\nb\n=======\nc\n>>>>>>> REPLACE", "has 2 lines ======="),
        ("import math\n=======\nimport cmath\n>>>>>>> REPLACE", "without <<<<<<< SEARCH"),
        ("<<<<<<< SEARCH\na\n<<<<<<< SEARCH\nb\n=======\n>>>>>>> REPLACE", "a second line <<<<<<< SEARCH"),
        ("\n".join([block("import math", "import math")] * 201), "201 edits"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(answer: str, reason: str) -> None:
    with pytest.raises(edits.Refused, match=r"block|edits") as refused:
        edited(answer)
    assert reason in str(refused.value)


def test_lines_that_stand_in_two_places_are_refused() -> None:
    program = "def a():\n    return 1\n\n\ndef b():\n    return 1\n"
    with pytest.raises(edits.Refused, match="more than once; give more lines around it"):
        edited(block("    return 1", "    return 2"), program)
    assert edited(block("def b():\n    return 1", "def b():\n    return 2"), program).endswith("return 2\n")


def test_a_diff_is_applied() -> None:
    hunk = " def weight(x):\n-    if x > 1:\n+    if x > 2:\n         return x\n     return 1"
    diff = f"--- a/program.py\n+++ b/program.py\n@@ -4,4 +4,4 @@\n{hunk}"
    assert edited(f"I raise the bound.\n\n```diff\n{diff}\n```\n\nThat is all.") == PROGRAM.replace("x > 1", "x > 2")


def test_wrong_line_numbers_and_counts_of_a_diff_do_not_matter() -> None:
    assert edited("@@ -94,44 +1,2 @@\n-    if x > 1:\n+    if x > 2:") == PROGRAM.replace("x > 1", "x > 2")
    assert edited("@@ @@\n-    if x > 1:\n+    if x > 2:\n") == PROGRAM.replace("x > 1", "x > 2")
    patch = "@@ def weight(x):\n-    if x > 1:\n+    if x > 2:\n"
    patch = f"*** Begin Patch\n*** Update File: program.py\n{patch}*** End Patch"
    assert edited(patch) == PROGRAM.replace("x > 1", "x > 2")
    assert edited("```diff\n@@ -1,1 +1,1 @@\n-    if x > 1:\n+    if x > 2:\n+    # more\n```") == PROGRAM.replace(
        "    if x > 1:\n", "    if x > 2:\n    # more\n"
    )


def test_line_numbers_of_a_diff_settle_where_a_hunk_fits_twice() -> None:
    program = "def a():\n    return 1\n\n\ndef b():\n    return 1\n"
    assert edited("@@ -6 +6 @@\n-    return 1\n+    return 2", program).endswith("b():\n    return 2\n")
    assert edited("@@ -2 +2 @@\n-    return 1\n+    return 2", program).startswith("def a():\n    return 2\n")


def test_context_that_lost_its_first_space_stays_as_it_is_in_the_program() -> None:
    diff = "@@ -4,4 +4,4 @@\ndef weight(x):\n-    if x > 1:\n+    if x > 2:\n        return x\n    return 1"
    assert edited(diff) == PROGRAM.replace("x > 1", "x > 2")


def test_a_removed_line_that_looks_like_a_path_is_a_line() -> None:
    program = 'QUERY = """\n-- first\nselect 1\n"""\n'
    changed = program.replace("-- first\n", "")
    diff = "\n".join(difflib.unified_diff(program.splitlines(), changed.splitlines(), lineterm=""))
    assert "--- first" in diff
    assert edited(diff, program) == changed


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "C:\\x.py", "$(rm -rf ~)", "a\u202eb", ""])
def test_paths_of_a_diff_mean_nothing(path: str) -> None:
    diff = f"diff --git a/{path} b/{path}\n--- {path}\n+++ {path}\n@@ -1 +1 @@\n-import math\n+import cmath"
    assert edited(diff) == PROGRAM.replace("import math", "import cmath")


@pytest.mark.parametrize(
    ("diff", "reason"),
    [
        ("--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n--- b\n+++ b\n@@ -1 +1 @@\n-x\n+y", "changes 2 files"),
        ("@@ -1 +1 @@\n import math", "changes nothing"),
        ("@@ -1 +1 @@", "changes nothing"),
        ("@@ @@\n+import cmath", "nobody knows where"),
        ("@@ -1 +1 @@\n-import numpy\n+import cmath", "no line 'import numpy'"),
        ("--- /dev/null\n+++ b/p.py\n@@ -1,1 +1,1 @@\n-x\n+y", "/dev/null"),
    ],
)
def test_a_diff_that_cannot_be_applied_is_refused(diff: str, reason: str) -> None:
    with pytest.raises(edits.Refused) as refused:
        edited(diff)
    assert reason in str(refused.value)


def test_a_diff_from_nothing_is_a_new_program() -> None:
    assert edited("--- /dev/null\n+++ b/p.py\n@@ -0,0 +1,2 @@\n+def solve(x):\n+    return x") == (
        "def solve(x):\n    return x\n"
    )


LINES = st.lists(
    st.sampled_from(
        ["", "x = 1", "    return x", "\treturn x", "def f():", "-- comment", "++ more", "@@ -1 +1 @@", "```", "  "]
    )
    | st.text(st.characters(blacklist_characters="\n", blacklist_categories=["Cs"]), max_size=8),
    max_size=25,
)


@given(LINES, LINES, st.integers(0, 4))
@example(["a"], ["a", ""], 0)
def test_a_diff_of_two_programs_turns_the_first_into_the_second(old: list[str], new: list[str], context: int) -> None:
    diff = list(difflib.unified_diff(old, new, n=context, lineterm=""))
    changed = edits.apply("\n".join(old) + "\n", edits.unified(diff)) if old and diff else "\n".join(new) + "\n"
    assert changed == "\n".join(new) + "\n" or new == []


@given(LINES, LINES, st.integers(0, 10**6))
def test_blocks_of_two_programs_turn_the_first_into_the_second(old: list[str], new: list[str], seed: int) -> None:
    old, new = ["# first", *old, "# last"], ["# first", *new, "# end"]
    grow = random.Random(seed)
    blocks, program = [], old
    for tag, i1, i2, j1, j2 in reversed(difflib.SequenceMatcher(None, old, new).get_opcodes()):
        if tag == "equal":
            continue
        start, end = i1, i2  # as many lines around it as it takes to stand in one place only
        while not any(line.strip() for line in program[start:end]) or _places(program, program[start:end]) > 1:
            start, end = max(0, start - grow.randint(0, 1)), min(len(program), end + grow.randint(0, 1))
        changed = [*program[start:i1], *new[j1:j2], *program[i2:end]]
        blocks.append(block("\n".join(program[start:end]), "\n".join(changed)))
        if not changed:
            blocks[-1] = "<<<<<<< SEARCH\n" + "\n".join(program[start:end]) + "\n=======\n>>>>>>> REPLACE"
        program = [*program[:start], *changed, *program[end:]]
    assert program == new
    answer = "\n".join(blocks).split("\n")
    assert edits.apply("\n".join(old) + "\n", edits.search_replace(answer)) == "\n".join(new) + "\n"


def _places(program: list[str], lines: list[str]) -> int:
    return sum(program[at : at + len(lines)] == lines for at in range(len(program) - len(lines) + 1))


def test_the_place_of_lines_is_where_they_stand() -> None:
    program = PROGRAM.split("\n")
    assert locate.find(program, ["def weight(x):"]) == locate.Place(3, 4)
    place = locate.find(program, ["def weight(x):", "  if x > 1:"])
    assert (place.start, place.end) == (3, 5)
