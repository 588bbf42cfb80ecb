"""Source text with colours, as HTML."""

from functools import lru_cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

from adrs.text import printable


@lru_cache
def lexer(file: str) -> Lexer:
    """For the language that the name of `file` tells; for plain text where it tells none."""
    found: Lexer
    try:
        found = get_lexer_for_filename(file, stripnl=False, ensurenl=False)
    except ClassNotFound:
        found = TextLexer(stripnl=False, ensurenl=False)
    return found


def highlighted(source: str, file: str) -> Markup:
    """Source in the language that the name of `file` tells."""
    return Markup(highlight(printable(source), lexer(file), HtmlFormatter(cssclass="source", linenos="inline")))


def highlighting() -> Markup:
    """The style sheet of `highlighted`, for light and dark pages."""
    light = HtmlFormatter(style="default").get_style_defs(".source")  # type: ignore[no-untyped-call]
    dark = HtmlFormatter(style="github-dark").get_style_defs(".source")  # type: ignore[no-untyped-call]
    kept = "\n".join(line for line in dark.splitlines() if line.startswith(".source .") and "linenos" not in line)
    mine = "\n".join(line for line in light.splitlines() if line.startswith(".source .") and "linenos" not in line)
    return Markup(f"{mine}\n@media screen and (prefers-color-scheme: dark) {{\n{kept}\n}}")
