"""What a program, or a model, may write to fool whoever looks at it."""

TERMINAL = "\x1b[2J\x1b]0;owned\x07\x9b31m"
"""Clears the screen, renames the window, and a code in one character."""
MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&lt;"
RICH = "[bold red]markup[/] [link=https://example.org]link[/link]"
DIRECTION = "\u202eevil\u202c\u2066x\u2069\u200f"
FORMULA = '=HYPERLINK("https://example.org")'
EVERYTHING = f"{FORMULA} {TERMINAL} {MARKUP} {RICH} {DIRECTION}\x00\ud800"
RAW = ("\x1b", "\x07", "\x9b", "\x00", "\u202e", "\u202c", "\u2066", "\u2069", "\u200f")
"""Characters that must not reach a terminal or a page."""
