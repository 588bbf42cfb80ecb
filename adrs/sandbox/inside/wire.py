"""How values cross between the trusted side and a policy process: framed msgpack, followed by the elements of arrays.

A frame is a length and a body; the body is the length of a msgpack value (both 4 bytes, big endian), that value, and
the elements of its arrays, one array after another, little endian and in C order. In the value an array is extension 1:
a byte that numbers its dtype in DTYPES, a byte for the number of axes, the length of each axis (8 bytes, little
endian). Nothing else than plain values and these arrays is ever decoded.

Elements take as much memory here as in the frame, and may be many. A byte of the value can become an object of eighty:
what comes from a policy process is held to VALUE_LIMIT.
"""

import math
import struct
from typing import Any

import msgpack
import numpy as np

HEADER = struct.Struct(">I")
_HEADERS = struct.Struct(">II")
FRAME_LIMIT = 2**31
"""Bytes of a frame towards the policy process; towards the trusted side `limits.answer_mb` holds."""
VALUE_LIMIT = 2**22
"""Bytes of an answer besides the elements of its arrays."""
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
)  # fmt: skip
_ARRAY = 1
_AXES = 16
_LIST_LIMIT = 2**20
_MAP_LIMIT = 2**12
_NATIVE = tuple(np.dtype(name) for name in DTYPES)
_NUMBERS = {dtype: index for index, dtype in enumerate(_NATIVE)}
_ELEMENTS = tuple(dtype.newbyteorder("<") for dtype in _NATIVE)
_COMPACT_FROM = 64
_COMPACT_FLOATS_FROM = 8


class Malformed(Exception):  # noqa: N818 - what a frame is
    """The bytes are not a well-formed frame."""


class Unsendable(Exception):  # noqa: N818 - what a value is
    """A value that cannot cross; `rule` is what it breaks, `what` describes it."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule
        self.what = what


def pack(value: Any) -> bytes:
    """The frame of a value; raises Unsendable."""
    elements: list[bytes] = []

    def encode(value: Any) -> Any:
        """Called for what msgpack does not know."""
        return _array(value, elements) if isinstance(value, np.ndarray) else _number(value)

    packed: bytes = msgpack.packb(value, default=encode, use_bin_type=True)
    size = len(packed)
    behind = b"".join(elements)
    whole = HEADER.size + size + len(behind)
    if whole >= FRAME_LIMIT:
        raise Unsendable("size", f"a value of {whole} bytes")
    return _HEADERS.pack(whole, size) + packed + behind


def unpack(body: bytes | bytearray | memoryview, limit: int = FRAME_LIMIT) -> Any:
    """The value of a frame's body; raises Malformed for whatever is odd.

    limit: bytes that it may take without the elements of its arrays.
    """
    end = 0
    """Of the elements that are taken."""

    def decode(code: int, head: bytes) -> Any:
        """Called for extension types; raises ValueError."""
        nonlocal end
        if code != _ARRAY or len(head) < 2:
            raise ValueError("unknown extension type")
        number, axes = head[0], head[1]
        if number >= len(DTYPES) or axes > _AXES or len(head) != 2 + 8 * axes:
            raise ValueError("broken head of an array")
        shape = struct.unpack_from(f"<{axes}Q", head, 2)
        count = math.prod(shape)
        dtype = _ELEMENTS[number]
        start = end
        end += count * dtype.itemsize
        if end > len(body):
            raise ValueError("an array's bytes do not fill its shape")
        if dtype.kind == "b" and bytes(body[start:end]).strip(b"\0\1"):
            raise ValueError("a truth value is neither 0 nor 1")
        return np.frombuffer(body, dtype, count, start).reshape(shape).astype(_NATIVE[number])

    try:
        size: int = HEADER.unpack_from(body)[0]
        if size > limit:
            raise Malformed(f"{size} bytes besides the elements of arrays, the limit is {limit}")
        end = HEADER.size + size
        value = msgpack.unpackb(
            body[HEADER.size : end], raw=False, strict_map_key=True, ext_hook=decode,
            max_array_len=_LIST_LIMIT, max_map_len=_MAP_LIMIT,
        )  # fmt: skip
    except (ValueError, TypeError, MemoryError, RecursionError, struct.error) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None
    if end != len(body):
        raise Malformed("elements of no array")
    return value


def compact(value: Any) -> Any:
    """Long lists of floats, of ints or of bools become arrays, which cross faster; a range becomes a list."""
    kind = type(value)
    if kind is dict:
        return {key: compact(entry) for key, entry in value.items()}
    if kind is range:
        value, kind = list(value), list
    if kind in (list, tuple) and len(value) >= _COMPACT_FLOATS_FROM:
        kinds = set(map(type, value))
        if kinds == {float}:
            return np.array(value)
        if len(value) >= _COMPACT_FROM and len(kinds) == 1 and kinds <= {int, bool}:
            dtype = {int: "int64", bool: "bool"}[kinds.pop()]
            try:
                return np.array(value, dtype=dtype)
            except OverflowError:
                return value
    return value


def _number(value: Any) -> Any:
    """The plain number of what msgpack does not know. Raises Unsendable."""
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating) and value.dtype.itemsize <= 8:
        return float(value)
    if isinstance(value, int):
        raise Unsendable("range", f"an integer of {value.bit_length()} bits, which does not fit 64 bits")
    rule = "dtype" if isinstance(value, complex | np.generic) else "type"
    raise Unsendable(rule, f"a value of type {type(value).__name__}")


def _array(array: Any, elements: list[bytes]) -> msgpack.ExtType:
    """The head of an array, whose elements are added to those before. Raises Unsendable."""
    number = _NUMBERS.get(array.dtype)
    if number is None:
        number = _NUMBERS.get(array.dtype.newbyteorder("="))
    if number is None:
        raise Unsendable("dtype", f"an array of {array.dtype}")
    if array.ndim > _AXES:
        raise Unsendable("shape", f"an array of {array.ndim} axes")
    elements.append(np.asarray(array, dtype=_ELEMENTS[number]).tobytes())
    return msgpack.ExtType(_ARRAY, struct.pack(f"<BB{array.ndim}Q", number, array.ndim, *array.shape))
