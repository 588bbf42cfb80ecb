import pytest

from adrs.errors import UserError
from adrs.llm.keys import find_key, host_variable, scrub
from adrs.llm.specs import DEFAULT_URL, parse_spec, parse_specs


def test_a_name_alone_is_at_the_default_endpoint() -> None:
    spec = parse_spec("gpt-5", {})
    assert (spec.label, spec.name, spec.url, spec.default, spec.loopback) == (
        "gpt-5",
        "gpt-5",
        DEFAULT_URL,
        True,
        False,
    )


def test_the_default_endpoint_can_be_moved() -> None:
    assert parse_spec("gpt-5", {"OPENAI_BASE_URL": "http://127.0.0.1:4000/v1/"}).url == "http://127.0.0.1:4000/v1"


def test_a_name_with_an_address() -> None:
    spec = parse_spec("qwen/qwen3:8b@http://localhost:8000/v1/", {"OPENAI_BASE_URL": "http://elsewhere/v1"})
    assert (spec.name, spec.url, spec.host) == ("qwen/qwen3:8b", "http://localhost:8000/v1", "localhost")
    assert spec.label == "qwen/qwen3:8b@http://localhost:8000/v1"
    assert not spec.default


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "api.localhost"])
def test_loopback(host: str) -> None:
    assert parse_spec(f"m@http://{host}:8000/v1", {}).loopback


@pytest.mark.parametrize("host", ["openrouter.ai", "10.0.0.1", "localhost.example.com", "0.0.0.0"])
def test_not_loopback(host: str) -> None:
    assert not parse_spec(f"m@http://{host}/v1", {}).loopback


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "names no model"),
        ("gpt 5", "names no model"),
        ("qwen3@localhost:8000/v1", "qwen3@http://localhost:8000/v1"),
        ("qwen3@http://", "has no host"),
        ("qwen3@http://host:many/v1", "cannot be read"),
    ],
)
def test_what_is_no_model_is_explained(text: str, part: str) -> None:
    with pytest.raises(UserError, match=part.replace("(", r"\(")):
        parse_spec(text, {})


@pytest.mark.parametrize("url", ["http://me:sesame@host/v1", "https://host/v1?key=sesame", "https://host/v1#sesame"])
def test_an_address_with_a_secret_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_spec(f"m@{url}", {})
    assert "sesame" not in str(caught.value)


def test_several_models_differ() -> None:
    assert len(parse_specs(["m@http://localhost:1/v1", "m@http://localhost:2/v1"], {})) == 2
    with pytest.raises(UserError, match="given twice"):
        parse_specs(["m", "m"], {})
    with pytest.raises(UserError, match="--model"):
        parse_specs([], {})


def test_the_default_key_goes_to_the_default_endpoint_and_to_loopback_only() -> None:
    environment = {"OPENAI_API_KEY": "sk-default"}
    assert find_key(parse_spec("m", environment), environment).value == "sk-default"
    assert find_key(parse_spec("m@http://localhost/v1", environment), environment).value == "sk-default"
    with pytest.raises(UserError, match="ADRS_API_KEY_OPENROUTER_AI"):
        find_key(parse_spec("m@https://openrouter.ai/api/v1", environment), environment)


def test_a_host_has_a_variable_of_its_own() -> None:
    environment = {"OPENAI_API_KEY": "sk-default", host_variable("openrouter.ai"): " sk-router\n"}
    assert find_key(parse_spec("m@https://openrouter.ai/api/v1", {}), environment).value == "sk-router"
    assert find_key(parse_spec("m", {}), environment).value == "sk-default"


@pytest.mark.parametrize("host", ["api-together.ai", "ap\u0131.together.ai", "api.together.ai.other.net"])
def test_a_host_of_nearly_the_same_name_gets_no_key(host: str) -> None:
    environment = {host_variable("api.together.ai"): "sk-together"}
    assert find_key(parse_spec("m@https://api.together.ai/v1", {}), environment).value == "sk-together"
    with pytest.raises(UserError, match=r"needs a key|must be written in ASCII"):
        find_key(parse_spec(f"m@https://{host}/v1", {}), environment)


def test_loopback_needs_no_key_and_the_default_endpoint_does() -> None:
    assert find_key(parse_spec("m@http://127.0.0.1/v1", {}), {}).placeholder
    with pytest.raises(UserError, match="OPENAI_API_KEY"):
        find_key(parse_spec("gpt-5", {}), {})


def test_a_key_that_no_header_can_carry_is_refused_without_showing_it() -> None:
    with pytest.raises(UserError) as caught:
        find_key(parse_spec("gpt-5", {}), {"OPENAI_API_KEY": "sk-ключ"})
    assert "ключ" not in str(caught.value)


def test_a_key_is_not_shown() -> None:
    key = find_key(parse_spec("gpt-5", {}), {"OPENAI_API_KEY": "sk-secret-1"})
    assert "sk-secret-1" not in repr(key)
    assert scrub("bad key sk-secret-1!", key) == "bad key [key]!"


def test_a_key_in_another_variable_is_named_and_not_read() -> None:
    spec = parse_spec("claude-sonnet-5@https://api.anthropic.com/v1", {})
    with pytest.raises(UserError) as caught:
        find_key(spec, {"ANTHROPIC_API_KEY": "sk-sesame", "OPENAI_API_KEY": "sk-default"})
    said = str(caught.value)
    assert "set the environment variable ADRS_API_KEY_API_ANTHROPIC_COM" in said
    assert "ADRS_API_KEY_API_ANTHROPIC_COM=$ANTHROPIC_API_KEY" in said
    assert "sesame" not in said


def test_a_key_that_is_missing_for_a_name_of_another_host_says_where_that_is() -> None:
    with pytest.raises(UserError, match=r"--model claude-sonnet-5@https://api\.anthropic\.com/v1"):
        find_key(parse_spec("claude-sonnet-5", {}), {"ANTHROPIC_API_KEY": "sk-sesame"})
