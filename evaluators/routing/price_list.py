"""Prices of models in the form of RouterArena's list: `{"MODEL": {"input_token_price_per_million": 0.1, ...}}`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from adrs import resources
from adrs.errors import UserError
from evaluators.routing.files import read_object

PUBLISHED = "routing/routerarena_model_prices.json"
"""RouterArena's own list in the data folder."""
_IN, _OUT = "input_token_price_per_million", "output_token_price_per_million"
Prices = Mapping[str, tuple[float, float]]
"""Dollars per million tokens, in and out, by model."""


def read(path: Path) -> Prices:
    """A list. Raises UserError that names what is wrong."""
    prices = read_object(path)
    by_model = {name: prices.part(name) for name in prices.fields}
    return {name: (price.number(_IN), price.number(_OUT)) for name, price in by_model.items()}


def published() -> Prices | None:
    """RouterArena's list; None where the data folder lacks it."""
    path = resources.data_folder() / PUBLISHED
    return read(path) if path.is_file() else None


def beside(path: Path) -> Path:
    """Where prices of models that no other list has stand: in the folder of the table of their outcomes."""
    return path.parent / "prices.json"


def read_beside(path: Path) -> Prices:
    """What stands beside a table; nothing where nothing does. Raises UserError."""
    return read(found) if (found := beside(path)).is_file() else {}


def unknown(names: Sequence[str], table: Path) -> UserError:
    """What to say of models without a price, whose outcomes are in a table."""
    return UserError(
        f"the prices of {', '.join(names)} are not known: write them to {beside(table)} as "
        f'{{"MODEL": {{"{_IN}": 0.1, "{_OUT}": 0.3}}}}'
    )
