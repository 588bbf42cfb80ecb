"""Durations as people write them."""

import pytest

from adrs.budget import parse_duration
from adrs.errors import UserError


def test_a_duration_is_a_number_and_a_unit() -> None:
    assert [parse_duration(text) for text in ("90s", "10m", "1.5 h", " 2d ")] == [90.0, 600.0, 5400.0, 172800.0]


@pytest.mark.parametrize(
    ("text", "why"),
    [("5", "has no unit; write 5s, 5m or 5h"), ("0s", "is no time at all"), ("0", "is no time at all"),
     ("soon", "is not a duration"), ("-3s", "is not a duration"), ("", "is not a duration")],
)  # fmt: skip
def test_anything_else_is_refused_with_the_option_and_the_reason(text: str, why: str) -> None:
    with pytest.raises(UserError, match=f'^--budget "{text}" {why}'):
        parse_duration(text, "--budget")
