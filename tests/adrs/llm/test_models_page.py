"""docs/models.md: its table is what the code does with those models, and lacks no host that prices are shipped for."""

import re
from pathlib import Path

import pytest

from adrs.errors import UserError
from adrs.llm.keys import DEFAULT_VARIABLE, find_key
from adrs.llm.models import _OUTPUT_TOKENS
from adrs.llm.prices import Prices, shipped
from adrs.llm.specs import parse_spec
from adrs.settings import DEFAULT_SECONDS

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
ROWS = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `?([^|`]+?)`? \| ([^|]+) \|$", PAGE, re.MULTILINE)[1:]


def test_all_hosts_with_shipped_prices_are_in_the_table() -> None:
    hosts = {parse_spec(model, {}).host for model, _, prices in ROWS if prices == "shipped"}
    assert hosts == set(shipped())


@pytest.mark.parametrize(("model", "variable", "prices"), ROWS)
def test_a_row_is_what_is_done_with_such_a_model(model: str, variable: str, prices: str) -> None:
    spec = parse_spec(model, {})
    assert (Prices().find(spec) is not None) == (prices == "shipped")
    assert "--price" in prices or prices == "shipped"
    if spec.loopback:
        assert (variable, find_key(spec, {}).placeholder) == ("none needed", True)
        return
    assert find_key(spec, {variable: "sk-sesame"}).variable == variable
    if variable != DEFAULT_VARIABLE:
        with pytest.raises(UserError, match=variable):
            find_key(spec, {DEFAULT_VARIABLE: "sk-default"})


def test_the_figures_of_the_page() -> None:
    assert f"{_OUTPUT_TOKENS:,} tokens cost up to $0.16" in PAGE
    price = Prices().need(parse_spec("gpt-5", {}))
    assert f"{price.cost(0, _OUTPUT_TOKENS):.2g}" == "0.16"
    assert (DEFAULT_SECONDS, "after ten minutes" in PAGE) == (600.0, True)
