"""What is hidden in texts and messages before a policy sees them: names that say which recorded task a call is of."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]

_ISSUE = re.compile(r"\b[\w.-]+__[\w.-]+-\d+\b")
_FIELDS = ("role", "content", "tool_calls", "tool_call_id", "name")
_OF_BLOCK = ("type", "text", "id", "tool_use_id", "name", "input", "content")
_OF_CALL = ("id", "type", "function")
_OF_FUNCTION = ("name", "arguments")
_OF_TOOL = ("type", "function", "name", "description", "parameters", "input_schema")
_IDENTITIES = ("id", "tool_use_id", "tool_call_id")


def mask(text: str) -> str:
    """The text with names of issues, such as `owner__repository-123`, made all alike."""
    return _ISSUE.sub("repository-issue", text) if "__" in text else text


def masked(prompts: Sequence[Sequence[Message]]) -> list[list[dict[str, Any]]]:
    """Prompts of allowed fields alone, without ids: calls are numbered in order of appearance, names of issues hidden.

    Calls are numbered anew in each prompt.
    """
    known: dict[int, dict[str, Any]] = {}
    found = []
    for messages in prompts:
        calls: dict[str, str] = {}
        found.append([_masked(message, calls, known) for message in messages])
    return found


def masked_tools(tools: Sequence[Any]) -> list[dict[str, Any]]:
    """Descriptions of tools, of allowed fields alone, with names of issues hidden."""
    return [
        {name: _within(tool[name]) for name in _OF_TOOL if name in tool} for tool in tools if isinstance(tool, Mapping)
    ]


def _masked(message: Message, calls: dict[str, str], known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """One message; those without ids of calls are made once for all prompts that share them."""
    plain = (
        not message.get("tool_calls") and not message.get("tool_call_id") and type(message.get("content")) is not list
    )
    if plain and id(message) in known:
        return known[id(message)]
    shown = _allowed(message, _FIELDS, calls)
    if isinstance(shown.get("tool_calls"), list):
        shown["tool_calls"] = [_call(call, calls) for call in message["tool_calls"] if isinstance(call, dict)]
    if plain:
        known[id(message)] = shown
    return shown


def _call(call: Message, calls: dict[str, str]) -> dict[str, Any]:
    shown = _allowed(call, _OF_CALL, calls)
    if isinstance(call.get("function"), dict):
        shown["function"] = _allowed(call["function"], _OF_FUNCTION, calls)
    return shown


def _allowed(table: Message, fields: Sequence[str], calls: dict[str, str]) -> dict[str, Any]:
    """Some fields of an object; ids of calls by their numbers, the blocks of a content by their own fields."""
    shown: dict[str, Any] = {}
    for name in fields:
        if name not in table:
            continue
        value = table[name]
        if name in _IDENTITIES:
            shown[name] = None if value is None else calls.setdefault(str(value), f"call_{len(calls) + 1}")
        elif name == "content" and isinstance(value, list):
            shown[name] = [_allowed(block, _OF_BLOCK, calls) if isinstance(block, dict) else _within(block)
                           for block in value]  # fmt: skip
        else:
            shown[name] = _within(value)
    return shown


def _within(value: Any) -> Any:
    """Any plain value with its texts masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_within(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): _within(entry) for key, entry in value.items()}
    return value
