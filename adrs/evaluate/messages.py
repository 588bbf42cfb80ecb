"""Jobs as plain data, and the frames between the engine and its workers. Both sides are trusted."""

import struct
from dataclasses import asdict
from typing import Any

import msgpack

from adrs.evaluation import WorkloadSpec
from adrs.program import Choices, Job, Recording, Replay, Threshold
from adrs.score import Scale, SplitScale

HEADER = struct.Struct(">I")


def pack(message: dict[str, Any]) -> bytes:
    """The frame of a message."""
    body: bytes = msgpack.packb(message)
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> dict[str, Any]:
    """The message of a frame's body."""
    message: dict[str, Any] = msgpack.unpackb(body)
    return message


def job_to_plain(job: Job) -> dict[str, Any]:
    """A job without its types."""
    return asdict(job)


def job_from_plain(plain: dict[str, Any]) -> Job:
    """The job again."""
    scale = plain["scale"]
    if scale is not None:
        total = scale["total"]
        by_workload = {name: Scale(**values) for name, values in scale["workloads"].items()}
        scale = SplitScale(None if total is None else Scale(**total), by_workload)
    records = {"threshold": Threshold, "recording": Recording, "replay": Replay, "choices": Choices}
    given = {name: kind(**plain[name]) for name, kind in records.items() if plain[name] is not None}
    workloads = tuple(WorkloadSpec(**spec) for spec in plain["workloads"])
    return Job(**{**plain, "scale": scale, "workloads": workloads, **given})
