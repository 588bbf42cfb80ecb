"""The compressed texts of a log: a few bytes of somebody else's may stand for more than memory holds."""

import zlib

_MOST_BYTES = 64 << 20
"""No text of a run is as long."""


def unpack(packed: bytes, dictionary: bytes = b"") -> bytes:
    """What was compressed, with a preset dictionary if it was with one; raises zlib.error for what nobody wrote."""
    unpacker = zlib.decompressobj(zdict=dictionary)
    text = unpacker.decompress(packed, _MOST_BYTES)
    if not unpacker.eof:
        raise zlib.error(f"a text is cut off, or longer than {_MOST_BYTES >> 20} MB")
    return text
