"""What is written as TOML is read as it was."""

import math
import tomllib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adrs.toml_text import value

TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('"\\\n\t"\x7f\x00')), max_size=40)


@given(
    st.one_of(
        TEXT,
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.lists(TEXT, max_size=4),
    )
)
@example('a "quoted" text\nover two lines with "')
@example('"""\n"""')
@example('\\"\n\\\\"')
def test_values_survive(content: Any) -> None:
    expected = content
    if isinstance(content, str):
        expected = content.replace("\r\n", "\n")
    elif isinstance(content, list):
        expected = [text.replace("\r\n", "\n") for text in content]
    read = tomllib.loads(f"x = {value(content)}")["x"]
    assert read == expected
    assert type(read) is type(expected)


def test_texts_over_several_lines_are_readable() -> None:
    assert value('one "two"\nthree') == '"""\none "two"\nthree"""'


@pytest.mark.parametrize("content", [math.nan, math.inf, None, {}])
def test_what_toml_lacks_is_refused(content: Any) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        value(content)
