"""The filter's decisions, by running its instructions."""

import errno

import pytest

from adrs.sandbox.inside import seccomp

_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_PERMISSION, _NO_SUCH_CALL = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMNS = {"x86_64": 0, "aarch64": 1}
_OWN = 0xFFFFFFF0


def _decide(code, machine, number, arguments=(), architecture=None):
    words = {0: number, 4: architecture or _ARCHITECTURES[machine]}
    for index in range(6):
        value = arguments[index] if index < len(arguments) else 0
        words[16 + 8 * index] = value & 0xFFFFFFFF
        words[20 + 8 * index] = value >> 32
    accumulator, position = 0, 0
    while True:
        operation, yes, no, constant = code[position]
        position += 1
        if operation == 0x20:
            accumulator = words[constant]
        elif operation == 0x06:
            return constant
        elif operation == 0x05:
            position += constant
        else:
            holds = {0x15: accumulator == constant, 0x25: accumulator > constant, 0x35: accumulator >= constant,
                     0x45: accumulator & constant != 0}[operation]  # fmt: skip
            position += yes if holds else no


@pytest.mark.parametrize("machine", _COLUMNS)
@pytest.mark.parametrize("threads", [True, False])
def test_every_number_gets_the_right_answer(machine, threads):
    code = seccomp.assemble(machine, threads, processes=False)
    column = _COLUMNS[machine]
    allowed = {numbers[column] for numbers in seccomp._ALLOWED.values()} - {None}
    conditional = {numbers[column] for numbers in seccomp._CONDITIONAL.values()} - {None}
    for number in set(range(600)) - conditional:
        expected = _ALLOW if number in allowed else _NO_SUCH_CALL if number > 450 else _PERMISSION
        assert _decide(code, machine, number) == expected, number
    assert _decide(code, machine, 0, architecture=0x40000003) == _KILL
    if machine == "x86_64":
        assert _decide(code, machine, 0x40000000) == _KILL


@pytest.mark.parametrize("machine", _COLUMNS)
def test_conditions(machine):
    code = seccomp.assemble(machine, threads=True, processes=False)
    number = {name: numbers[_COLUMNS[machine]] for name, numbers in seccomp._CONDITIONAL.items()}

    def decide(name, *arguments):
        return _decide(code, machine, number[name], arguments)

    thread = 0x3D0F00
    assert decide("clone", thread) == _ALLOW
    assert decide("clone", 17) == _PERMISSION
    assert decide("clone", thread | 0x10000000) == _PERMISSION
    assert decide("clone3") == _NO_SUCH_CALL
    assert decide("execve") == _PERMISSION
    assert decide("kill", _OWN, 9) == _ALLOW
    assert decide("kill", 0xFFFFFFFF, 9) == _PERMISSION
    assert decide("kill", 0, 9) == _PERMISSION
    assert decide("prctl", 15) == _ALLOW
    assert decide("prctl", 1, 0) == _PERMISSION
    assert decide("prlimit64", 0, 7, 0, 0x7FFF00001234) == _ALLOW
    assert decide("prlimit64", 0, 7, 0x7FFF00000000) == _PERMISSION
    assert decide("prlimit64", 1, 7, 0) == _PERMISSION
    assert decide("ioctl", 1, 0x5401) == _ALLOW
    assert decide("ioctl", 1, 0x5412) == _PERMISSION
    assert decide("fcntl", 1, 4) == _ALLOW
    assert decide("fcntl", 1, 1036) == _PERMISSION


@pytest.mark.parametrize("machine", _COLUMNS)
@pytest.mark.parametrize("processes", [True, False])
def test_what_is_in_memory_of_a_file_cannot_be_asked_nor_changed(machine, processes):
    code = seccomp.assemble(machine, threads=True, processes=processes)
    column = _COLUMNS[machine]
    number = {name: numbers[column] for name, numbers in seccomp._CONDITIONAL.items()}
    for refused in ({"x86_64": 221, "aarch64": 223}, {"x86_64": 187, "aarch64": 213}, {"x86_64": 27, "aarch64": 232}):
        assert _decide(code, machine, refused[machine]) == _PERMISSION  # fadvise64, readahead, mincore
    assert all(_decide(code, machine, number[name]) == _NO_SUCH_CALL for name in ("preadv2", "pwritev2", "openat2"))
    advice = {value: _decide(code, machine, number["madvise"], (0, 0, value)) for value in (4, 14, 3, 20, 21)}
    assert advice == {4: _ALLOW, 14: _ALLOW, 3: _PERMISSION, 20: _PERMISSION, 21: _PERMISSION}


@pytest.mark.parametrize("machine", _COLUMNS)
def test_threads_can_be_refused_and_processes_allowed(machine):
    clone = seccomp._CONDITIONAL["clone"][_COLUMNS[machine]]
    execve = seccomp._CONDITIONAL["execve"][_COLUMNS[machine]]
    alone = seccomp.assemble(machine, threads=False, processes=False)
    assert _decide(alone, machine, clone, (0x3D0F00,)) == _PERMISSION
    many = seccomp.assemble(machine, threads=True, processes=True)
    assert _decide(many, machine, clone, (17,)) == _ALLOW
    assert _decide(many, machine, execve) == _ALLOW
    assert _decide(many, machine, clone, (0x20000000 | 17,)) == _PERMISSION


def test_own_pid_is_put_in_and_jumps_fit():
    for machine in _COLUMNS:
        code = seccomp.assemble(machine, threads=True, processes=False)
        assert len(code) < 4096
        assert all(0 <= yes < 256 and 0 <= no < 256 for _, yes, no, _ in code)
        assert sum(entry[3] == _OWN for entry in code) == 2
