"""How values cross between the trusted side and a policy process: framed msgpack, arrays as an extension type.

A frame is a length (4 bytes, big endian) and a msgpack body. An array is extension 1: a byte that numbers its dtype in
DTYPES, a byte for the number of axes, the length of each axis (8 bytes, little endian), then the elements, little
endian and in C order. Nothing else than plain values and these arrays is ever decoded.
"""

import struct
from typing import Any

import msgpack
import numpy as np

HEADER = struct.Struct(">I")
FRAME_LIMIT = 2**31
"""Bytes of a frame towards the policy process; towards the trusted side `limits.answer_mb` holds."""
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
    body: bytes = msgpack.packb(value, default=_encode, use_bin_type=True)
    if len(body) >= FRAME_LIMIT:
        raise Unsendable("size", f"a value of {len(body)} bytes")
    return HEADER.pack(len(body)) + body


def unpack(body: bytes | bytearray | memoryview) -> Any:
    """The value of a frame's body; raises Malformed for whatever is odd."""
    try:
        return msgpack.unpackb(
            body, raw=False, strict_map_key=True, ext_hook=_decode, max_array_len=_LIST_LIMIT, max_map_len=_MAP_LIMIT
        )
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None


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


def _encode(value: Any) -> Any:
    """Called for what msgpack does not know."""
    if isinstance(value, np.ndarray):
        return msgpack.ExtType(_ARRAY, _array_bytes(value))
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


def _array_bytes(array: Any) -> bytes:
    number = _NUMBERS.get(array.dtype)
    if number is None:
        number = _NUMBERS.get(array.dtype.newbyteorder("="))
    if number is None:
        raise Unsendable("dtype", f"an array of {array.dtype}")
    if array.ndim > _AXES:
        raise Unsendable("shape", f"an array of {array.ndim} axes")
    head = struct.pack(f"<BB{array.ndim}Q", number, array.ndim, *array.shape)
    elements: bytes = np.asarray(array, dtype=_ELEMENTS[number]).tobytes()
    return head + elements


def _decode(code: int, data: bytes) -> Any:
    """Called for extension types; raises ValueError."""
    if code != _ARRAY or len(data) < 2:
        raise ValueError("unknown extension type")
    number, axes = data[0], data[1]
    start = 2 + 8 * axes
    if number >= len(DTYPES) or axes > _AXES or len(data) < start:
        raise ValueError("broken head of an array")
    shape = struct.unpack_from(f"<{axes}Q", data, 2)
    dtype = _ELEMENTS[number]
    size = dtype.itemsize
    for length in shape:
        size *= length
    if size != len(data) - start:
        raise ValueError("an array's bytes do not fill its shape")
    if dtype.kind == "b" and data[start:].strip(b"\0\1"):
        raise ValueError("a truth value is neither 0 nor 1")
    return np.frombuffer(data, dtype=dtype, offset=start).reshape(shape).astype(_NATIVE[number])
