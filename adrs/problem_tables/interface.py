"""Reads the table `[policy.functions]` of a problem: which functions a program has, and what they take and return."""

from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.interface import FunctionType, Type, ValueType, bound, mentioned, parse_type
from adrs.strict_toml import Table


def read_functions(table: Table) -> dict[str, FunctionType]:
    """The functions by name; the caller sees to it that there is one. Raises UserError."""
    return {name: _function(table, name) for name in table.data}


def _function(table: Table, name: str) -> FunctionType:
    if not name.isidentifier():
        raise UserError(f'{table.file}: policy.functions has "{name}", which is not a Python name')
    entry = table.table(name)
    arguments = entry.table("arguments", {})
    kinds = {key: _type(table, value, arguments.path(key)) for key, value in arguments.data.items()}
    doc = entry.take("doc", str, "")
    returns = _returns(entry)
    optional = entry.take("optional", bool, False)
    entry.finish()
    _check_names(entry, kinds, returns)
    return FunctionType(name, doc, kinds, returns, optional)


def _check_names(entry: Table, kinds: dict[str, Type], returns: Type) -> None:
    """Raise UserError for a name in the type of an answer that no argument gives a number to."""
    known = bound(kinds)
    for name in mentioned(returns):
        if name not in known:
            raise UserError(
                f'{entry.file}: {entry.path("returns")}: "{name}" is neither a dimension nor a whole number of an '
                f"argument{did_you_mean(name, known)}"
            )


def _returns(entry: Table) -> Type:
    value, where = entry.take("returns", (str, dict, list)), entry.path("returns")
    if isinstance(value, list):
        kinds = tuple(_type(entry, text, where) for text in value)
        fields = tuple(kind for kind in kinds if isinstance(kind, ValueType))
    else:
        kind = _type(entry, value, where)
        fields = (kind,) if isinstance(kind, ValueType) else tuple(kind.values()) if isinstance(kind, dict) else ()
    if any(field.base == "data" for field in fields):
        raise UserError(f'{entry.file}: {where}: "data" is for arguments; an answer needs a type that can be checked')
    if any(field.is_kept for field in fields) and not isinstance(value, str):
        raise UserError(f"{entry.file}: {where}: what stays with the program is returned alone")
    return fields if isinstance(value, list) else kind


def _type(table: Table, value: Any, where: str) -> Type:
    if isinstance(value, str):
        return parse_type(value, f"{table.file}: {where}")
    if isinstance(value, dict):
        fields: dict[str, ValueType] = {}
        for key, text in value.items():
            if not isinstance(text, str):
                raise UserError(f"{table.file}: {where}.{key} must be a type in quotes")
            fields[key] = parse_type(text, f"{table.file}: {where}.{key}")
        return fields
    raise UserError(f"{table.file}: {where} must be a type in quotes, or a table of named types")
