import json
from typing import Any

import pytest

from adrs.llm.records import Message
from adrs.llm.reply import Failed, Malformed, explanation, names, read_reply

PROMPT = [Message("user", "Say hello.")]


def body(message: Any, usage: Any = None, reason: str = "stop") -> str:
    return json.dumps({"choices": [{"message": message, "finish_reason": reason}], "usage": usage})


def test_text_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "hel"}, {"type": "thinking"}, {"type": "text", "text": "lo"}]
    assert read_reply(body({"content": parts}), PROMPT).text == "hello"


def test_hidden_reasoning_that_only_the_total_counts_is_output() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 400}
    reply = read_reply(body({"content": "hello"}, usage), PROMPT)
    assert (reply.input_tokens, reply.output_tokens) == (100, 300)
    written = {name: float(count) for name, count in usage.items()}
    assert read_reply(body({"content": "hello"}, written), PROMPT) == reply


@pytest.mark.parametrize(
    "cached",
    [
        {"prompt_tokens_details": {"cached_tokens": 80}},
        {"prompt_tokens_details": None, "cached_tokens": 80},
        {"prompt_cache_hit_tokens": 80, "prompt_cache_miss_tokens": 20},
    ],
)
def test_cached_tokens_are_among_those_of_the_input(cached: dict[str, Any]) -> None:
    reply = read_reply(body({"content": "hello"}, {"prompt_tokens": 100, "completion_tokens": 5, **cached}), PROMPT)
    assert (reply.input_tokens, reply.cached_tokens) == (100, 80)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        "many",
        {"prompt_tokens": None},
        {"prompt_tokens_details": None},
        {"prompt_tokens": 10**30, "completion_tokens": 10**30, "total_tokens": 10**30, "cached_tokens": 10**30},
    ],
)
def test_usage_in_no_known_form_is_guessed(usage: Any) -> None:
    reply = read_reply(body({"content": "hello"}, usage), PROMPT)
    assert 100 > reply.input_tokens > 0
    assert 100 > reply.output_tokens > 0
    assert reply.cached_tokens == 0


def test_no_text_says_why() -> None:
    assert "finish_reason content_filter" in read_reply(body({"content": None}, reason="content_filter"), PROMPT).error
    assert "not that" in read_reply(body({"content": None, "refusal": "not that"}), PROMPT).error


_DEEP = "[" * 300_000


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"choices": []}', '{"choices": [{}]}', "<html></html>", _DEEP],
    ids=str.__len__,
)
def test_what_is_no_completion_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        read_reply(text, PROMPT)


@pytest.mark.parametrize(
    ("code", "status"), [(402, 402), ("429", 429), (None, 500), ("rate_limit_exceeded", 500), (7, 500), ([], 500)]
)
def test_an_error_inside_an_answer_has_the_status_that_it_names(code: Any, status: int) -> None:
    error = {"message": "more credits", "code": code}
    broken_off = {"message": {"content": "Here is"}, "finish_reason": "error", "error": error}
    for answer in ({"error": error}, {"choices": [broken_off]}):
        with pytest.raises(Failed) as caught:
            read_reply(json.dumps(answer), PROMPT)
        assert (caught.value.status, explanation(caught.value.said)) == (status, "more credits")


def test_models_in_a_list_or_one_alone() -> None:
    assert names('{"data": [{"id": "a"}, {"id": "b"}]}') == ["a", "b"]
    assert names('{"id": "a"}') == ["a"]
    for text in (_DEEP, "<html>", "[]", "{}", '{"data": null}', '{"data": ["a"]}'):
        assert names(text) == []


@pytest.mark.parametrize("said", ["why", {"message": "why"}, {"error": {"message": "why"}}, {"detail": "why"}])
def test_an_explanation_is_found_where_servers_put_it(said: Any) -> None:
    assert explanation(said) == "why"


def test_no_explanation() -> None:
    assert explanation(None) == explanation("") == explanation({}) == "no explanation"
