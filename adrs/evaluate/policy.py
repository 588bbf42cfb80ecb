"""A candidate as the evaluator sees it, behind the sandbox: calls cross as frames, answers are checked here."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adrs.evaluate.attempts import read_attempts
from adrs.evaluate.calls import function_called
from adrs.evaluate.harness import PolicyFailure
from adrs.evaluate.rows import Rows, checked
from adrs.evaluation import Attempts, Invalid
from adrs.interface import FunctionType, Sizes, bind, listed
from adrs.problem import Limits
from adrs.sandbox.inside import wire
from adrs.sandbox.memory import OutOfMemory
from adrs.sandbox.zygote import Broken, Child, Ended, TimedOut, Zygote

_LINGER_SECONDS = 0.2
_MOST_LISTED = 1024
"""Numbers of scenarios up to which a list of them crosses faster than an array."""


class SandboxedPolicy:
    """Implements adrs.evaluation.Policy with one policy process at a time."""

    def __init__(self, zygote: Zygote, functions: Mapping[str, FunctionType], limits: Limits) -> None:
        self.seconds = 0.0
        """Wall time of the last round trip."""
        self.decision_seconds = limits.decision_seconds
        """Wall seconds that one call may take, less what it waits for a core."""
        self.cpu_seconds = 0.0
        """Of all policy processes that have ended."""
        self.peak_memory_mb = 0.0
        """Of all policy processes that have ended, the interpreter included."""
        self.output = ""
        """Captured stdout and stderr of those that have ended."""
        self._zygote = zygote
        self._functions = functions
        self._limits = limits
        self._left = limits.evaluation_seconds
        self._source = ""
        self._seeded: tuple[int, int] | None = None
        self._scenarios = 1
        self._bound: set[str] = set()
        """Functions whose arguments have been held against the interface."""
        self._child: Child | None = None
        self._bystander: Child | None = None

    def load(self, source: str) -> None:
        """Fork a policy process and run the source in it.

        Raises PolicyFailure or Invalid for what the program does meanwhile, Broken for the sandbox's faults.
        """
        self._source = source
        self._start()

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function once, see adrs.evaluation.Policy."""
        kind = function_called(self._functions, function, arguments)
        sizes: Sizes = {}
        for name, value in zip(kind.crossing, arguments, strict=True):
            bind(kind.arguments[name], value, sizes, name)
        sent = [listed(kind.arguments[name], value) for name, value in zip(kind.crossing, arguments, strict=True)]
        answer = self._request(function, self.decision_seconds, "call", function, sent)
        if kind.keeps or (kind.optional and answer is None):
            return None
        return checked(kind.returns, answer, sizes, function)

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call one function once per scenario, see adrs.evaluation.Policy."""
        chosen: Sequence[int] | np.ndarray | None = scenarios
        if scenarios is not None and not (isinstance(scenarios, list) and len(scenarios) <= _MOST_LISTED):
            chosen = np.asarray(scenarios, dtype=np.int64)
        rows = self._rows(function, columns, self._scenarios if chosen is None else len(chosen))
        answer = self._request(function, self.decision_seconds, "map", function, rows.sent, chosen)
        return None if rows.kind.keeps else rows.check(answer)

    def attempt(
        self,
        function: str,
        *columns: Any,
        scenarios: Sequence[int] | None = None,
        seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:
        """Call one function once per scenario where single calls may fail, see adrs.evaluation.Policy."""
        chosen = list(range(self._scenarios)) if scenarios is None else [int(scenario) for scenario in scenarios]
        rows = self._rows(function, columns, len(chosen))
        answer = self._request(
            function, self.decision_seconds, "attempt", function, rows.sent, chosen, seconds, most_failures
        )
        return read_attempts(rows, answer, most_failures)

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Seed `random` and `numpy.random`, and give each scenario an empty state."""
        self._seeded = (seed, scenarios)
        self._scenarios = scenarios
        self._request("reset", self.decision_seconds, "reset", seed, scenarios)

    def restart(self) -> float:
        """End the process and fork a fresh one, seeded like the last. Returns the CPU seconds of the ended one."""
        before = self.cpu_seconds
        self._end()
        used = self.cpu_seconds - before
        self._start()
        if self._seeded is not None:
            self.reset(*self._seeded)
        return used

    def pause(self, seconds: float) -> float:
        """Ask nothing for a while, see adrs.evaluation.Policy."""
        child = self._child
        before = child.wanted_seconds() if child is not None else 0.0
        time.sleep(seconds)
        return child.wanted_seconds() - before if child is not None else 0.0

    def echo(self, *arguments: Any) -> float:
        """Wall seconds of a round trip that carries `arguments` both ways and calls nothing. Raises Broken.

        Asked of a process that has seen no program: one that has could take its time, to seem fast by comparison.
        """
        if self._bystander is None:
            self._bystander = self._zygote.spawn()
            self._bystander.ready()
        try:
            self._bystander.exchange(wire.pack([0, "echo", *arguments]), self.decision_seconds)
        except (TimedOut, Ended, wire.Malformed) as error:
            raise Broken(f"an echo did not come back: {type(error).__name__}") from None
        return self._bystander.seconds

    def close(self) -> None:
        """End the process and add up what it used. Raises Broken."""
        self._end()
        bystander, self._bystander = self._bystander, None
        if bystander is not None:
            bystander.end()

    def _rows(self, function: str, columns: Sequence[Any], count: int) -> Rows:
        rows = Rows(function_called(self._functions, function, columns), columns, count, function in self._bound)
        if count:
            self._bound.add(function)
        return rows

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        usage = child.end()
        self.cpu_seconds += usage.cpu_seconds
        self.peak_memory_mb = max(self.peak_memory_mb, usage.peak_memory_mb)
        self.output = (self.output + child.output())[: (self._limits.output_kb << 10) + 100]

    def _start(self) -> None:
        self._child = self._zygote.spawn()
        self._child.ready()
        if self._limits.processes:
            self._child.limit_memory(self._limits.memory_mb)
        roles = {name: kind.roles() for name, kind in self._functions.items()}
        self._request("loading the program", self._limits.start_seconds, "load", self._source, roles)

    def _request(self, what: str, seconds: float, *request: Any) -> Any:
        """One round trip. Raises PolicyFailure and Invalid."""
        child = self._child
        if child is None:
            raise PolicyFailure("error", "the program has ended")
        nonce = int.from_bytes(os.urandom(7), "big")  # so that nothing can be answered before it was asked
        frame = wire.pack([nonce, *request])
        try:
            answer = wire.unpack(child.exchange(frame, min(seconds, self._left)), wire.VALUE_LIMIT)
        except TimedOut:
            if self._left < seconds:
                all_of_it = self._limits.evaluation_seconds
                raise PolicyFailure("timeout", f"all calls together took longer than {all_of_it:g} s") from None
            raise PolicyFailure("timeout", f"{what} took longer than {seconds:g} s") from None
        except OutOfMemory as error:
            raise PolicyFailure("memory", f"{what}: {error}, the limit is {self._limits.memory_mb} MB") from None
        except Ended:
            raise self._ended(child, what) from None
        except wire.Malformed as malformed:
            raise Invalid("answer", f"{what}: not a well-formed answer ({malformed})") from None
        self.seconds = child.seconds
        self._left = max(0.0, self._left - child.seconds)
        if not isinstance(answer, list) or len(answer) < 3 or answer[0] != nonce:
            raise Invalid("answer", f"{what}: not a well-formed answer")
        if answer[1] == "ok":
            return answer[2]
        raise _failure(what, answer[1:])

    def _ended(self, child: Child, what: str) -> PolicyFailure:
        """What to say of a process that closed its connection instead of answering."""
        if not child.gone(_LINGER_SECONDS):
            return PolicyFailure("error", f"{what}: the program closed its connection")
        usage = child.end()
        if os.WIFSIGNALED(usage.status):
            number = os.WTERMSIG(usage.status)
            limit = self._zygote.cpu_seconds
            if number == signal.SIGXCPU or (number == signal.SIGKILL and usage.cpu_seconds >= limit):
                return PolicyFailure("timeout", f"{what}: the program used more than {limit} s of CPU")
            name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
            return PolicyFailure("killed", f"{what}: the program was killed by {name}")
        code = os.waitstatus_to_exitcode(usage.status)
        suffix = f" (exit status {code})" if code else ""
        return PolicyFailure("error", f"{what}: the program ended without an answer{suffix}")


def _failure(what: str, report: list[Any]) -> Exception:
    """What the child says went wrong. It may lie, about itself only."""
    kind, *details = report
    if kind == "unsendable" and len(details) == 2 and all(isinstance(text, str) for text in details):
        rule = details[0] if details[0] in ("type", "dtype", "range", "shape", "size") else "type"
        return Invalid(rule, f"{what} returned {details[1][:200]}")
    known = kind in ("error", "memory") and len(details) == 4
    if not known or [type(detail) for detail in details] != [str, str, int, int]:
        return Invalid("answer", f"{what}: not a well-formed answer")
    name, message, line, scenario = details
    where = f"line {line}" if line > 0 else ""
    if scenario >= 0:
        where += f"{', ' if where else ''}scenario {scenario}"
    text = f"{name[:100]}: {message[:1000]}" if message else name[:100]
    return PolicyFailure("memory" if kind == "memory" else "error", f"{text} ({where})" if where else text)
