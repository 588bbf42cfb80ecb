"""Rules in files."""

import json
from pathlib import Path

from adrs.errors import UserError
from adrs.rule.form import Inputs, Rule
from adrs.rule.plain import digest, from_plain, from_tree, is_tree, plain

_MOST_BYTES = 8 << 20


def read_rule(path: Path, inputs: Inputs | None = None) -> Rule:
    """The rule of a JSON file: a whole one or, where the inputs are known, a tree alone. Raises UserError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path} is larger than any rule")
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} is no JSON") from None
    if inputs is not None and is_tree(data):
        return from_tree(data, inputs)
    if not isinstance(data, dict):
        raise UserError(f"{path} is no rule: neither a whole one, as distillations write it, nor a tree alone")
    return from_plain(data)


def rule_text(rule: Rule, seed: int = 0) -> str:
    """What `read_rule` reads, with the digest that exports carry, and the seed of the distillation."""
    return json.dumps({**plain(rule), "digest": digest(rule), "seed": seed}, indent=2) + "\n"
