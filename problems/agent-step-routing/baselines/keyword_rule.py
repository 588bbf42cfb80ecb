"""High where the last message has two or more telling words, else low."""

HARD = (
    "traceback assertion race deadlock invariant regression segfault recursion overflow corruption mutex "
    "serialization deprecation nondeterministic timezone inheritance"
)
WORDS = frozenset(HARD.split())


def text_of(content):
    if isinstance(content, str):
        return content
    return " ".join(block.get("text") or "" for block in content or [] if isinstance(block, dict))


def route(model, state, request):
    words = text_of(request["messages"][-1].get("content")).lower().split()
    return 3 if sum(word in WORDS for word in words) >= 2 else 0
