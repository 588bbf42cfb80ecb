"""Source text with colours, as HTML."""

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

from adrs.text import printable


def highlighted(source: str, file: str) -> Markup:
    """Source in the language that the name of `file` tells; as plain text where it tells none."""
    try:
        lexer = get_lexer_for_filename(file, stripnl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
    return Markup(highlight(printable(source), lexer, HtmlFormatter(cssclass="source", linenos="inline")))


def highlighting() -> Markup:
    """The style sheet of `highlighted`, for light and dark pages."""
    light = HtmlFormatter(style="default").get_style_defs(".source")  # type: ignore[no-untyped-call]
    dark = HtmlFormatter(style="github-dark").get_style_defs(".source")  # type: ignore[no-untyped-call]
    kept = "\n".join(line for line in dark.splitlines() if line.startswith(".source .") and "linenos" not in line)
    mine = "\n".join(line for line in light.splitlines() if line.startswith(".source .") and "linenos" not in line)
    return Markup(f"{mine}\n@media screen and (prefers-color-scheme: dark) {{\n{kept}\n}}")
