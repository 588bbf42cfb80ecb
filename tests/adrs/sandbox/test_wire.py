"""What crosses the trust line, and what does not."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adrs.sandbox.inside import wire

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
_ARRAYS = hnp.arrays(
    dtype=st.sampled_from([np.dtype(name) for name in wire.DTYPES]),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)


def _body(value):
    return wire.pack(value)[wire.HEADER.size :]


def _framed(packed, elements=b""):
    """A body with a msgpack value that nothing of ours has written."""
    return wire.HEADER.pack(len(packed)) + packed + elements


@given(_PLAIN)
def test_plain_values_cross_unchanged(value):
    assert wire.unpack(_body(value)) == value


@given(_ARRAYS)
def test_arrays_cross_with_dtype_and_shape(array):
    received = wire.unpack(_body(array))
    assert received.dtype == array.dtype
    assert received.shape == array.shape
    assert received.tobytes() == array.tobytes()
    assert received.flags.writeable


def test_strided_and_big_endian_arrays_cross_by_value():
    array = np.arange(24, dtype=">f8").reshape(4, 6)[::2, ::-3]
    np.testing.assert_array_equal(wire.unpack(_body(array)), array)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_malformed(data):
    with contextlib.suppress(wire.Malformed):
        wire.unpack(data)


@given(_ARRAYS, st.data())
def test_a_damaged_array_is_a_value_or_malformed(array, data):
    body = bytearray(_body([array]))
    where = data.draw(st.integers(0, len(body) - 1))
    body[where] = data.draw(st.integers(0, 255))
    with contextlib.suppress(wire.Malformed):
        wire.unpack(body)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        struct.pack("<BB", 200, 0),
        struct.pack("<BBQ", 10, 1, 2**63),
        struct.pack("<BBQQ", 10, 2, 2**32, 2**32),
        struct.pack("<BBQ", 10, 1, 2),
        struct.pack("<BBQ", 10, 1, 4),
        struct.pack("<BBQQ", 10, 1, 3, 0),
    ],
    ids=["empty", "dtype", "length", "product", "too few elements", "too many elements", "axes"],
)
def test_broken_arrays_are_malformed(payload):
    with pytest.raises(wire.Malformed):
        wire.unpack(_framed(b"\xc7" + bytes([len(payload)]) + b"\x01" + payload, bytes(24)))


def test_elements_cross_in_order_and_truth_values_are_0_or_1():
    packed = b"\x92" + 2 * (b"\xc7\x0a\x01" + struct.pack("<BBQ", 0, 1, 2))
    np.testing.assert_array_equal(wire.unpack(_framed(packed, b"\1\0\0\1")), [[True, False], [False, True]])
    with pytest.raises(wire.Malformed):
        wire.unpack(_framed(packed, b"\1\0\0\7"))


def test_unknown_extensions_and_odd_keys_are_malformed():
    for packed in (b"\xd4\x05\x00", b"\x81\x01\x02", b"\x91" * 2000, b"\xdd\xff\xff\xff\xff"):
        with pytest.raises(wire.Malformed):
            wire.unpack(_framed(packed))


def test_what_would_take_much_more_memory_here_is_limited_apart_from_elements():
    numbers = np.zeros(1000)
    assert wire.unpack(_body([numbers, "x" * 50]), 100)[1] == "x" * 50
    for value in ([numbers, "x" * 100], [[]] * 100, [numbers[:0]] * 20):
        with pytest.raises(wire.Malformed, match="the limit is 100"):
            wire.unpack(_body(value), 100)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (1j, "dtype"),
        (np.complex128(1), "dtype"),
        (np.zeros(2, complex), "dtype"),
        (np.zeros(2, object), "dtype"),
        (np.longdouble(1), "dtype"),
        (2**64, "range"),
        (-(2**70), "range"),
        ({1, 2}, "type"),
        (object(), "type"),
        ([1, [2, [object()]]], "type"),
    ],
)
def test_what_cannot_cross_names_its_rule(value, rule):
    with pytest.raises(wire.Unsendable) as caught:
        wire.pack(value)
    assert caught.value.rule == rule


def test_a_float_that_lies_crosses_by_what_it_holds():
    class Lying(float):
        def __float__(self):
            return 0.5

    assert wire.unpack(_body([Lying(7.0)])) == [7.0]


@given(st.lists(st.floats(allow_nan=False), min_size=100, max_size=120))
def test_compact_keeps_the_numbers(values):
    compacted = wire.compact({"values": values})["values"]
    assert isinstance(compacted, np.ndarray)
    assert compacted.tolist() == values


def test_compact_leaves_mixed_lists_alone():
    mixed = [1, 2.0, True] * 50
    assert wire.compact(mixed) is mixed
    assert wire.compact([2**70] * 100) == [2**70] * 100
    assert wire.compact(range(3)) == [0, 1, 2]
