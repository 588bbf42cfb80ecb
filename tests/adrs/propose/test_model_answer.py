from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adrs.interface import FunctionType, ValueType
from adrs.propose.model.answer import Answer, Malformed, read
from adrs.source import check_text, screen

FUNCTIONS = {"solve": FunctionType("solve", "", {"instance": ValueType("int")}, ValueType("int"))}
LIMIT = 1_000_000
BASE = "def solve(instance):\n    return 1\n"
OTHER = "def solve(instance):\n    return 2\n"
EVOLVING = """\
import math

# EVOLVE-BLOCK-START
def key(x):
    return x


# EVOLVE-BLOCK-END
def solve(instance):
    return key(instance)
"""


def check(source: str) -> str:
    return screen(source, FUNCTIONS, (), 65_536)


def answered(text: str, base: str = BASE) -> Answer:
    return read(text, base, check, LIMIT)


def refused(text: str, base: str = BASE) -> str:
    with pytest.raises(Malformed) as malformed:
        read(text, base, check, LIMIT)
    return str(malformed.value)


EDIT = "<<<<<<< SEARCH\n    return 1\n=======\n    return 2\n>>>>>>> REPLACE"
DIFF = "@@ -2 +2 @@\n-    return 1\n+    return 2"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"A constant.\n\n{EDIT}", "edits"),
        (f"A constant.\n\n```\n{EDIT}\n```", "edits"),
        (f"A constant.\n\n```diff\n{DIFF}\n```", "diff"),
        (f"A constant.\n\n{DIFF}", "diff"),
        (f"A constant.\n\n```python\n{OTHER}```", "program"),
        (f"A constant.\n\n~~~ python\n{OTHER}~~~", "program"),
        (f"```\n{OTHER}```\nA constant.", "program"),
        (f"A constant.\n\n```python:program.py\n{OTHER}```", "program"),
        (f"A constant.\n\n```program.py\n{OTHER}```", "program"),
        (f"A constant.\n\n```text\n{OTHER}```", "program"),
        ("A constant.\n\n```python\n" + indent(OTHER, "    ") + "```", "program"),
        ("1. A constant.\n\n" + indent(f"```python\n{OTHER}```", "    "), "program"),
        ("- A constant.\n\n" + indent(f"```diff\n{DIFF}\n```", "  "), "diff"),
        ("A constant.\n\n```diff\n-    return 1\n+    return 2\n```", "diff"),
        ("A constant.\n\n```diff\n--- a.py\n+++ a.py\n-    return 1\n+    return 2\n```", "diff"),
        (f"<think>\n```python\nnonsense\n```\n</think>\nA constant.\n```python\n{OTHER}```", "program"),
        (
            f"\ufeffA constant.\r\n\r\n```python\r\n{OTHER}```\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
            "program",
        ),
    ],
)
def test_every_accepted_form_gives_the_program(text: str, form: str) -> None:
    answer = answered(text)
    assert (answer.source, answer.form, answer.rationale.lstrip("1.- ")) == (OTHER, form, "A constant.")


def test_the_first_form_that_gives_a_program_decides() -> None:
    other = "```python\ndef solve(instance):\n    return 3\n```"
    unfit = EDIT.replace("return 1", "...\n    return 1")
    assert answered(f"{EDIT}\n{DIFF}\n{other}").form == "edits"
    assert answered(f"{DIFF}\n{other}").form == "diff"
    assert answered(f"In short:\n\n{unfit}\n\nAll of it:\n\n{other}").source.endswith("return 3\n")
    assert answered(f"In short:\n\n```diff\n@@ ... @@\n-...\n+...\n```\n\nAll of it:\n\n{other}").form == "program"
    assert answered(f"{other}\nThe change:\n```diff\n-    return 1\n+    return 2\n```").source.endswith("return 3\n")


def test_where_no_form_gives_a_program_the_first_says_what_is_wrong() -> None:
    unfit = EDIT.replace("return 1", "return 4")
    for rest in ("", "```python\nreturn 2\n```", "```\nreturn 2\n```"):
        assert "has no line 'return 4'" in refused(f"{unfit}\n\n{rest}")
        assert "has no line 'return 4'" in refused(f"```python\n{unfit}\n```\n\n{rest}")


def test_what_stands_between_the_markers_of_edits_is_no_program() -> None:
    unfit = "<<<<<<< SEARCH\nfn g() {}\n=======\n```\nfn h() {}\n```\n>>>>>>> REPLACE"
    with pytest.raises(Malformed, match="does not fit"):
        read(f"```rust\n{unfit}\n```", "fn f() {}\n", lambda text: check_text(text, LIMIT), LIMIT, "rust")


@pytest.mark.parametrize(
    "text",
    [
        "I cannot help with that.",
        BASE.replace("1", "2"),  # code, but not in a fence
        "return 2",
        "```json\n{}\n```",
        "```bash\nrm -rf /\n```",
        "`def solve(instance): return 2`",
        "<think>\n```python\ndef solve(instance):\n    return 2\n```\n</think>\nNo.",
        "Not so:\n\n    ```python\n    def solve(instance):\n        return 2\n    ```\n",  # indented, and in no list
    ],
)
def test_prose_is_never_taken_as_code(text: str) -> None:
    assert "has no code" in refused(text)


@pytest.mark.parametrize("opening", ["<think>\n", "<thought>", "", "\n"])
@pytest.mark.parametrize(
    "draft", [f"A draft:\n{EDIT.replace('2', '7')}\nNo.", "Say <<<<<<< SEARCH\n```python\nx", "Hm."]
)
def test_thoughts_are_no_part_of_an_answer_even_where_the_server_left_out_their_opening_tag(
    opening: str, draft: str
) -> None:
    closing = "</thought>" if "thought" in opening else "</think>"
    for end in (f"\n{closing}\n", f" {closing}\n\n"):
        assert answered(f"{opening}{draft}{end}A constant.\n\n{EDIT}") == Answer(OTHER, "edits", "A constant.")


def test_a_program_that_names_the_tags_of_thoughts_is_no_thought() -> None:
    source = f'def last(text):\n    return text.split("</think>")[-1]\n\n\n{OTHER}'
    assert answered(f"A helper.\n```python\n{source}```").source == source
    source = f'PROMPT = """\n<think>\n</think>\n"""\n\n\n{OTHER}'
    assert answered(f"A text.\n```python\n{source}```").source == source


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the answer is empty"),
        ("  \n\n ", "the answer is empty"),
        ("<think>on and on", "nothing but thoughts; it was probably cut off"),
        (f"```python\n{OTHER}\0```", "null bytes"),
        (f"```python\n{OTHER}", "cut off"),
        (f"```python\n{BASE}```", "changes nothing"),
        (EDIT.replace("return 2", "return 1"), "changes nothing"),
        (EDIT.replace("return 2", "return (2"), "syntax error in line 2"),
        (EDIT.partition("=======")[0], "has no >>>>>>> REPLACE"),
        ("```python\ndef other():\n    pass\n```", "function solve is not defined"),
        (f"```python\nimport os.path, torch\n{OTHER}```", "import of torch"),
        ("```\nI am sorry, but I cannot do that.\n```", "syntax error"),
        (f"```python\n{OTHER}" + "#" * 70_000 + "\n```", "the limit is 65536"),
        ("x" * 5_000_000, "5000000 characters, the limit is 1000000"),
    ],
)
def test_a_malformed_answer_says_what_is_wrong(text: str, reason: str) -> None:
    assert reason in refused(text)


@pytest.mark.parametrize(
    ("text", "cut_off"),
    [
        ("<think>on and on", True),
        (f"```python\n{OTHER}", True),
        (f"```\n{EDIT[:-20]}", True),
        (EDIT[:-20], True),
        (f"{EDIT}\n{EDIT[:-20]}", True),
        (f"```\n{EDIT[:-20]}\n```", False),
        (EDIT.replace("return 1", "return 4"), False),
        ("No.", False),
    ],
)
def test_an_answer_that_was_cut_off_is_told_from_others(text: str, cut_off: bool) -> None:
    with pytest.raises(Malformed) as malformed:
        answered(text)
    assert malformed.value.cut_off == ("(--max-output-tokens)" in str(malformed.value)) == cut_off


def test_what_was_refused_is_kept_for_the_record() -> None:
    with pytest.raises(Malformed) as malformed:
        answered("```python\ndef solve(instance):\n    return (2\n```")
    assert malformed.value.source == "def solve(instance):\n    return (2\n"


def test_of_several_programs_the_last_one_counts() -> None:
    draft = "```python\ndef solve(instance):\n    return 7\n```"
    assert answered(f"First:\n{draft}\nBetter:\n```python\n{OTHER}```\nUse:\n```bash\nadrs run\n```").source == OTHER


def test_a_quotation_of_the_program_as_it_was_is_not_the_answer() -> None:
    assert answered(f"The new one:\n```python\n{OTHER}```\nThe old one was:\n```python\n{BASE}```").source == OTHER
    broken = OTHER.replace("2", "(2")
    assert "syntax error" in refused(f"```python\n{broken}```\nThe old one was:\n```python\n{BASE}```")


CALLING = f"import math\n\n\ndef half(x):\n    return x / 2\n\n\n{BASE}"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def solve(instance):\n    # ... existing code ...\n    return 2\n", "it says '# ... existing code ...'"),
        ("def solve(instance):\n    # the rest is unchanged …\n    return 2\n", "it says '# the rest is unchanged …'"),
        (f"{OTHER}\n# [... 900 characters left out here ...]\n", "it says '# [... 900"),
        ('def solve(instance):\n    """The same."""\n    ...\n', "a statement is `...` (line 3)"),
        ("def solve(instance):\n    for x in instance:\n        ...\n    return 2\n", "(line 3)"),
        ("def solve(instance):\n    return math.sqrt(half(instance))\n", "uses half, math, and what defines that"),
    ],
)
def test_a_program_with_parts_left_out_is_refused(source: str, reason: str) -> None:
    said = refused(f"```python\n{source}```", CALLING)
    assert "the program is not all there" in said
    assert reason in said


def test_of_pieces_of_a_program_none_is_taken_for_it() -> None:
    pieces = "```python\nimport math\n```\nand\n```python\ndef solve(instance):\n    return math.floor(instance)\n```"
    assert "uses math" in refused(pieces, CALLING)


@pytest.mark.parametrize(
    "source",
    [
        "# ... then by rate\n" + OTHER,
        "class Full(Exception):\n    ...\n\n\n" + OTHER,
        "from math import *\n\n\ndef solve(instance):\n    return half(instance)\n",
        "def solve(x):\n    try:\n        return x[..., 0]\n    except KeyError:\n        ...\n    return 2\n",
        "import cmath as math\n\n\ndef solve(instance, half=lambda x: x):\n    return half(math.pi)\n",
    ],
)
def test_a_program_that_only_looks_as_if_parts_were_left_out_is_taken(source: str) -> None:
    assert answered(f"```python\n{source}```", CALLING).source == source
    open_ended = CALLING + "\n# ... existing code ...\n"
    assert answered(f"```python\n{source}\n# ... existing code ...\n```", open_ended).form == "program"


def test_programs_of_other_languages_are_read_from_their_fences() -> None:
    text = "Faster.\n```cpp\nint main() { return 2; }\n```\nand\n```python\nprint(2)\n```"
    assert read(text, "int main() {}\n", str, LIMIT, "cpp").source == "int main() { return 2; }\n"
    text = f"{text}\nIt prints\n```text\n2\n```"
    assert read(text, "int main() {}\n", str, LIMIT, "c++").source == "int main() { return 2; }\n"


def test_a_piece_of_code_is_not_preferred_to_a_program() -> None:
    assert answered(f"```python\n{OTHER}```\nwhere the change is\n```python\nreturn 2\n```").source == OTHER


@pytest.mark.parametrize("inner", ["```\nexample\n```", "```\nexample\n```\n\n```python\nmore\n```", "```"])
def test_a_program_with_fences_in_its_text_is_read_whole(inner: str) -> None:
    source = f'"""Text.\n\n{inner}\n"""\n\n\n{OTHER}'
    assert answered(f"Here it is:\n\n```python\n{source}```\n").source == source
    assert answered(f"Here it is:\n\n````python\n{source}````\n").source == source


def test_white_space_and_markdown_are_left_out_of_the_rationale() -> None:
    answer = answered(f"## **Plan**\n\nSort by `size`,\nthen fill.\x1b[2J\n\n```python\n{OTHER}```")
    assert answer.rationale == "Plan Sort by size, then fill.\\x1b[2J"
    assert len(answered(f"{'long ' * 1000}\n```\n{OTHER}```").rationale) <= 400
    assert answered(f"Why.\n{DIFF}").rationale == answered(f"Why.\n{EDIT}\n").rationale == "Why."


def test_lone_surrogates_do_not_survive() -> None:
    answer = answered(f"A \ud800.\n```python\n{OTHER}# \udfff\n```")
    assert answer.source == f"{OTHER}# ?\n"
    assert answer.rationale == "A ?."


def test_only_the_evolve_block_may_change() -> None:
    inside = "<<<<<<< SEARCH\n    return x\n=======\n    return -x\n>>>>>>> REPLACE"
    assert answered(inside, EVOLVING).source == EVOLVING.replace("return x", "return -x")
    outside = "<<<<<<< SEARCH\n    return key(instance)\n=======\n    return 0\n>>>>>>> REPLACE"
    assert "line 'return key(instance)' became 'return 0'" in refused(outside, EVOLVING)
    assert "line 'import os' was added" in refused("@@ -1 +1,2 @@\n import math\n+import os\n", EVOLVING)
    whole = EVOLVING.replace("return x", "return 2 * x")
    assert answered(f"```python\n{whole}```", EVOLVING).source == whole
    assert "nothing may change" in refused(f"```python\n{whole.replace('math', 'cmath')}```", EVOLVING)
    assert "must keep its 1 evolve block" in refused(f"```python\n{OTHER}```", EVOLVING)


def test_an_evolve_block_alone_is_put_in_its_place() -> None:
    block = "# EVOLVE-BLOCK-START\ndef key(x):\n    return 3 * x\n\n\n# EVOLVE-BLOCK-END\n"
    assert answered(f"```python\n{block}```", EVOLVING).source == EVOLVING.replace("return x", "return 3 * x")


def test_evolve_markers_that_do_not_pair_are_refused() -> None:
    whole = EVOLVING.replace("return x", "return 2 * x")
    assert "EVOLVE-BLOCK-END" in refused(f"```python\n{whole.replace('# EVOLVE-BLOCK-END', '')}```", EVOLVING)
    assert "starts inside another" in refused(
        "<<<<<<< SEARCH\n    return x\n=======\n    return x\n# EVOLVE-BLOCK-START\n>>>>>>> REPLACE", EVOLVING
    )
    assert "ends that did not start" in refused(
        f"```python\n{whole.replace('BLOCK-START', 'BLOCK-END', 1)}```", EVOLVING
    )


PIECES = st.sampled_from(
    ["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "```", "```python", "````", "~~~", "@@ -1 +1 @@", "--- a", "+++ b",
     "-    return 1", "+    return 2", "    return 1", "# EVOLVE-BLOCK-START", "# EVOLVE-BLOCK-END", OTHER, BASE, "\0",
     "\ud800", "\u2028", "\x0c", "<think>", "</think>", "", "@@", "+"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=10), max_size=20).map("\n".join), st.sampled_from([BASE, EVOLVING, "", "\n"]))
def test_whatever_is_answered_is_a_valid_program_or_refused_with_a_reason(text: str, base: str) -> None:
    reason = ""
    try:
        check(answered(text, base).source)
    except Malformed as malformed:
        reason = str(malformed)
    else:
        reason = "a program"
    assert reason


@pytest.mark.parametrize(
    "text",
    [
        "```python\n" * 100_000,
        "```\nx\n```\n" * 80_000,
        "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n" * 20_000,
        "@@ -1 +1 @@\n-a\n+b\n" * 50_000,
        "@@ -1,9 +1,9 @@\n" + " return 1\n" * 90_000,
        "(" * 999_000,
        "```python\n" + "(" * 60_000 + "\n```",
        "<<<<<<< SEARCH\n" + "a\n" * 400_000 + "=======\n>>>>>>> REPLACE",
        "`" * 999_000,
    ],
)
def test_large_hostile_answers_are_refused(text: str) -> None:
    assert refused(text, "a\n" * 100_000)
