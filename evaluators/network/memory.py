"""Compiled access to the simulator's memory by address.

Numba counts references of every array that a function is handed; with a dozen arrays and a few calls an event that
costs more than the events themselves. So compiled functions take one record of addresses (layout.STATE), and find
records and numbers with the functions below. Records are not counted.
"""

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from evaluators.network import layout


def record_at(dtype: Any, stride: int = 0) -> Any:
    """A function (address, index) -> the record of this type there; records are `stride` bytes apart, or adjacent."""
    record = numba.from_dtype(dtype)
    size = stride or dtype.itemsize

    @intrinsic
    def at(_context: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            offset = builder.mul(arguments[1], ir.Constant(ir.IntType(64), size))
            return builder.inttoptr(builder.add(arguments[0], offset), context.get_value_type(record))

        return record(types.int64, types.int64), generate

    return at


def _number_at(kind: Any) -> tuple[Any, Any]:
    def pointer(context: Any, builder: Any, address: Any, index: Any) -> Any:
        offset = builder.shl(index, ir.Constant(ir.IntType(64), 3))
        return builder.inttoptr(builder.add(address, offset), context.get_value_type(kind).as_pointer())

    @intrinsic
    def read(_context: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.load(pointer(context, builder, *arguments))

        return kind(types.int64, types.int64), generate

    @intrinsic
    def write(_context: Any, address: Any, index: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.store(arguments[2], pointer(context, builder, arguments[0], arguments[1]))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, kind), generate

    return read, write


state_at = record_at(layout.STATE)
"""(address, 0) -> the record of all addresses."""
link_at = record_at(layout.LINK)
"""(state.links, number) -> the record of a link."""
flow_at = record_at(layout.FLOW)
"""(state.flows, index) -> the record of a flow."""
entry_at = record_at(layout.ENTRY)
"""(state.ring, slot) -> a packet."""
stamp_at = record_at(layout.STAMP)
"""(state.stamps, slot) -> the stamp of a packet."""
read, write = _number_at(types.int64)
"""(address, index) -> a whole number; (address, index, value)."""
read_float, write_float = _number_at(types.float64)
"""The same of float64."""


def own_record(dtype: Any) -> Any:
    """A function (state.own, index) -> the record that an algorithm keeps for a flow, of at most layout.OWN numbers."""
    if dtype.itemsize > 8 * layout.OWN:
        raise ValueError(f"a flow's own record has {dtype.itemsize} bytes, there is room for {8 * layout.OWN}")
    return record_at(dtype, 8 * layout.OWN)
