"""The longer the prompt in characters, the higher the tier."""


def length(content):
    if isinstance(content, str):
        return len(content)
    return sum(len(block.get("text") or "") for block in content or [] if isinstance(block, dict))


def route(model, state, request):
    characters = sum(length(message.get("content")) for message in request["messages"])
    return 0 if characters < 6000 else 1 if characters < 12000 else 2 if characters < 20000 else 3
