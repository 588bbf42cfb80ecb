"""Rules in files."""

import json
from pathlib import Path

from adrs.errors import UserError
from adrs.rule.form import Rule
from adrs.rule.plain import from_plain, plain

_MOST_BYTES = 8 << 20


def read_rule(path: Path) -> Rule:
    """The rule of a JSON file. Raises UserError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path} is larger than any rule")
        data = json.loads(path.read_text())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UserError(f"{path} is no JSON") from None
    return from_plain(data)


def rule_text(rule: Rule) -> str:
    """What `read_rule` reads."""
    return json.dumps(plain(rule), indent=2) + "\n"
