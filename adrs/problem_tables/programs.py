"""Reads the table `[programs]` of a problem: its seed program, baselines, cheats and building blocks."""

from pathlib import Path

from adrs.baselines import NATIVE, baseline_name
from adrs.errors import UserError
from adrs.problem_records import Baseline, Cheat, Role
from adrs.strict_toml import Table


def file_of(table: Table, key: str, folder: Path) -> Path:
    """The file within a problem's folder that a key names. Raises UserError."""
    return _file(table, table.take(key, str), table.path(key), folder)


def read_baselines(table: Table, folder: Path) -> tuple[Baseline, ...]:
    """The trivial one, the heuristic ones, and the state of the art if there is one. Raises UserError."""

    def baseline(role: Role, text: str, where: str) -> Baseline:
        """A program's file, or `native:NAME` for an algorithm of the evaluator's own."""
        name = baseline_name(text)
        if text.startswith(NATIVE) and name:
            return Baseline(name, role, table.file, name)
        return Baseline(name, role, _file(table, text, where, folder))

    trivial = baseline("trivial", table.take("trivial", str), table.path("trivial"))
    heuristics = [baseline("heuristic", name, "programs.heuristics") for name in table.strings("heuristics")]
    found = [trivial, *heuristics]
    best = table.take("state-of-the-art", str, None)
    if best is not None:
        found.append(baseline("state-of-the-art", best, table.path("state-of-the-art")))
    names = [each.name for each in found]
    for each in found:
        if names.count(each.name) > 1:
            raise UserError(
                f'{table.file}: two baselines are called "{each.name}"; they are named after their files: rename one'
            )
    return tuple(found)


def read_cheats(table: Table, folder: Path) -> tuple[Cheat, ...]:
    """Programs that must get a verdict. Raises UserError."""
    return tuple(_cheat(entry, folder) for entry in table.tables("cheats"))


def read_blocks(table: Table, folder: Path) -> tuple[Path, ...]:
    """Files of building blocks. Raises UserError."""
    return tuple(_file(table, name, "programs.blocks", folder) for name in table.strings("blocks"))


def _cheat(table: Table, folder: Path) -> Cheat:
    path = file_of(table, "file", folder)
    verdicts = ("ok", "invalid", "error", "timeout", "memory", "killed", "rejected", "suspect")
    verdict = table.choice("verdict", verdicts, "invalid")
    rule = table.take("rule", str, "")
    at_most = table.take("at_most", float, Cheat.at_most) if verdict == "ok" else Cheat.at_most
    table.finish()
    return Cheat(path.stem, path, verdict, rule, at_most)


def _file(table: Table, name: str, where: str, folder: Path) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise UserError(f'{table.file}: {where} = "{name}" lies outside the problem\'s folder')
    if not path.is_file():
        raise UserError(f"{table.file}: {where}: {path} does not exist")
    return path
