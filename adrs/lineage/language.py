"""What language the programs of a run are written in."""

import tomllib
import zlib

from adrs.store import Reader


def language(reader: Reader) -> str:
    """As `problem.toml` said when the run began, in lower case; `python` where it says nothing."""
    rows = reader.rows("SELECT content FROM file WHERE name = 'problem.toml'")
    data = tomllib.loads(zlib.decompress(rows[0][0]).decode(errors="replace")) if rows else {}
    return str(data.get("language", "python")).lower()
