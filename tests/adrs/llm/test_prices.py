from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adrs.errors import UserError
from adrs.llm.estimate import expected_cost, most_input_tokens
from adrs.llm.prices import Price, Prices, parse_price, read_table, shipped, shipped_date, shipped_urls, texts
from adrs.llm.records import Message
from adrs.llm.specs import parse_spec
from adrs.strict_toml import Table

LOCAL = parse_spec("qwen3@http://localhost:8000/v1", {})


def test_cost_in_dollars_per_million_tokens() -> None:
    assert Price(1.25, 10.0).cost(1_000_000, 100_000) == pytest.approx(2.25)
    assert Price(1.25, 10.0, 0.125).cost(1_000_000, 0, cached_tokens=800_000) == pytest.approx(0.35)


def test_the_shipped_table_is_dated_and_makes_sense() -> None:
    assert date.fromisoformat(shipped_date()) >= date(2026, 11, 22)
    assert Prices().find(parse_spec("gpt-5", {})) == Price(1.25, 10.0, 0.125)
    for names in shipped().values():
        for price in names.values():
            assert 0 < price.input <= price.output
            assert price.cached_input is None or price.cached_input < price.input


def test_a_dated_name_has_the_price_of_the_plain_one_unless_listed() -> None:
    prices = Prices()
    assert prices.find(parse_spec("gpt-5-2025-08-07", {})) == prices.find(parse_spec("gpt-5", {}))
    assert prices.find(parse_spec("gpt-4o-2024-05-13", {})) == Price(5.0, 15.0)


def test_a_known_name_at_another_host_has_no_known_price() -> None:
    assert Prices().find(parse_spec("gpt-5@http://localhost:8000/v1", {})) is None


def test_what_the_user_says_goes_first() -> None:
    both = Prices({"gpt-5": Price(1, 2), LOCAL.label: Price(3, 4), "qwen3": Price(5, 6)})
    assert both.find(parse_spec("gpt-5", {})) == Price(1, 2)
    assert both.find(LOCAL) == Price(3, 4)
    assert both.find(parse_spec("qwen3@http://localhost:9000/v1", {})) == Price(5, 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpt-5=1.25/10", ("gpt-5", Price(1.25, 10))),
        ("gpt-5=1.25/10/0.125", ("gpt-5", Price(1.25, 10, 0.125))),
        ("qwen3=0", ("qwen3", Price(0, 0))),
        ("m@http://localhost:1/v1=0.1/0.4", ("m@http://localhost:1/v1", Price(0.1, 0.4))),
    ],
)
def test_a_price_on_the_command_line(text: str, expected: tuple[str, Price]) -> None:
    assert parse_price(text) == expected


@pytest.mark.parametrize(
    "text", ["gpt-5", "=1/2", "gpt-5=", "gpt-5=1", "gpt-5=1/2/3/4", "gpt-5=-1/2", "gpt-5=nan/1", "m=a/b"]
)
def test_a_price_that_cannot_be_read_is_explained(text: str) -> None:
    with pytest.raises(UserError, match="NAME=IN/OUT"):
        parse_price(text)


def test_a_table_of_prices() -> None:
    data = {"a": "1/2", "b": {"input": 1, "output": 2.5, "cached_input": 0.1}, "c": 0, "d": "1/2/0.5"}
    read = read_table(Table("prices", data, Path("run.toml")))
    assert list(read.values()) == [Price(1, 2), Price(1, 2.5, 0.1), Price(0, 0), Price(1, 2, 0.5)]


def test_a_table_counts_for_the_models_of_the_run_and_keeps_every_digit() -> None:
    table = {"qwen3": Price(0.1, 1 / 3, 1e-7), "other": Price(1, 2), LOCAL.label: Price(3, 4)}
    said = dict(parse_price(text) for text in texts(table, [LOCAL]))
    assert said == {"qwen3": table["qwen3"], LOCAL.label: table[LOCAL.label]}


@pytest.mark.parametrize(
    "entry", [{"input": 1}, {"input": 1, "output": 2, "cache": 1}, {"input": -1, "output": 2}, "one", True, ["1/2"]]
)
def test_a_table_with_a_mistake_is_explained(entry: object) -> None:
    with pytest.raises(UserError, match=r"run\.toml: .*prices"):
        read_table(Table("prices", {"a": entry}, Path("run.toml")))


def test_an_unknown_price_says_how_to_give_it() -> None:
    with pytest.raises(UserError, match="--price qwen3=0"):
        Prices().need(LOCAL)
    with pytest.raises(UserError, match="--price gtp-5=IN/OUT"):
        Prices().need(parse_spec("gtp-5", {}))


def test_a_name_of_another_host_is_told_with_its_address() -> None:
    with pytest.raises(UserError) as caught:
        Prices().need(parse_spec("claude-sonnet-5", {}))
    said = "shipped for api.anthropic.com: write --model claude-sonnet-5@https://api.anthropic.com/v1"
    assert said in str(caught.value)
    assert "gpt-4.1" not in str(caught.value)
    Prices().need(parse_spec("claude-sonnet-5@https://api.anthropic.com/v1", {}))
    gateway = parse_spec("claude-sonnet-5", {"OPENAI_BASE_URL": "https://gateway.example/v1"})
    with pytest.raises(UserError, match="--price claude-sonnet-5=IN/OUT"):
        Prices().need(gateway)


def test_every_shipped_host_has_an_address_at_itself() -> None:
    assert shipped_urls().keys() == shipped().keys()
    for host, url in shipped_urls().items():
        assert (urlsplit(url).scheme, urlsplit(url).hostname) == ("https", host)


def test_a_price_for_no_model_of_the_run_is_an_error() -> None:
    with pytest.raises(UserError, match='did you mean "gpt-5"'):
        Prices({"gtp-5": Price(1, 2)}).check([parse_spec("gpt-5", {})])


def test_input_tokens_are_never_fewer_than_bytes() -> None:
    assert most_input_tokens([Message("user", "é" * 100)]) >= 200


def test_expected_cost_is_a_range_with_its_assumptions() -> None:
    text = expected_cost([("gpt-5", Price(1.25, 10)), ("local", Price(0, 0))], 100, 5.0, 48_000)
    assert "$0.00 to $24.00" in text
    assert "1,500 to 16,000 tokens in and 400 to 6,000 out a call, 1 to 3 calls a program" in text
    assert "100 programs" in text
    assert "$5.00" in text
    assert "shipped" not in text  # a price that was given by hand
    assert "1,500 to 1,500 tokens in" in expected_cost([("gpt-5", Price(1.25, 10))], 100, 5.0, 2_000)
    shipped_one = next(price for table in shipped().values() for price in table.values() if not price.free)
    assert shipped_date() in expected_cost([("known", shipped_one)], 100, None, 48_000)
    assert expected_cost([("local", Price(0, 0)), ("other", None)], 100, None, 48_000) == ""
    assert "no dollar budget" in expected_cost([("gpt-5", Price(1.25, 10))], None, None, 48_000)
