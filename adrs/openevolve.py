"""Reads a folder in the form of OpenEvolve (evaluator.py, initial_program, config.yaml) as a problem of ours.

Such an evaluator imports the program itself, so it runs whole in the sandbox, and its scores are of shared trust.
What its configuration means is taken from openevolve 0.4.0 (openevolve/config.py, openevolve/evaluator.py).
"""

import ast
import importlib.util
import math
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adrs import openevolve_config as configuration
from adrs import openevolve_secrets
from adrs.errors import UserError
from adrs.folder_files import folder_files
from adrs.openevolve_config import Config
from adrs.text import printable
from adrs.toml_text import value as toml

METRIC = "combined_score"
"""The primary metric: the evaluator's, else the mean of its numeric metrics."""
_EVALUATOR = "evaluator.py"
_PROGRAM = "initial_program"
_LANGUAGES = {
    ".c": "c", ".cc": "cpp", ".cpp": "cpp", ".cu": "cuda", ".go": "go", ".java": "java", ".jl": "julia",
    ".js": "javascript", ".md": "text", ".py": "python", ".r": "r", ".rb": "ruby", ".rs": "rust", ".sh": "shell",
    ".sql": "sql", ".ts": "typescript", ".txt": "text",
}  # fmt: skip
_MOST_BYTES = 512 << 20
_LEADS_AWAY = "is a link to what is no file of the folder's"
_NOT_WARMED = ("adrs", "evaluators", "openevolve")


@dataclass(frozen=True)
class Imported:
    """A folder as a problem, and what became of its configuration."""

    declaration: str
    """Text of a problem.toml, for a person to read and edit."""
    options: Mapping[str, int]
    """Options of a run by name: max_evaluations, seed, workers."""
    notes: tuple[tuple[str, str], ...]
    """For each key of config.yaml: what it is used for, or why it is not; for a file: what else to know of it."""

    def lines(self, given: Collection[str] = ()) -> list[str]:
        """The notes, one a line, where some options of the run are given otherwise."""
        lines = []
        for key, note in self.notes:
            option = configuration.OPTIONS.get(key, "")
            other = f"not used; --{option.replace('_', '-')} is given"
            lines.append(printable(f"{key}: {other if option in given else note}"))
        return lines


def is_folder(folder: Path) -> bool:
    """Whether a folder has that form."""
    return (folder / _EVALUATOR).is_file() and bool(_programs(folder))


def read(folder: Path, inside: str = "") -> Imported:
    """Read a folder; `inside` is where its files lie in the problem's folder, such as `openevolve/`.

    Raises UserError.
    """
    away = _sorted_out(folder)[1]
    for path in (folder / _EVALUATOR, *_programs(folder), *(folder / name for name in configuration.FILES)):
        if path in away:
            raise UserError(f"{path} {_LEADS_AWAY}; copy the file there")
    config = configuration.read(folder)
    program = _program(folder, config.file_suffix)
    tree = _parse(folder / _EVALUATOR)
    stages, last = _stages(tree, folder, config)
    language = config.language or _LANGUAGES.get(program.suffix.lower(), "text")
    source_kb = max(config.source_kb or 0, math.ceil(program.stat().st_size / 1024) + 1) if config.source_kb else None
    limits = {
        "decision_seconds": config.timeout, "memory_mb": config.memory_mb, "output_kb": config.output_kb,
        "source_kb": source_kb, "imports": sorted(_imports(folder, tree, program)),
    }  # fmt: skip
    lines = [
        "# Made from a folder of OpenEvolve's form. `adrs problem` shows it as others will see it.",
        f"title = {toml(folder.resolve().name.replace('_', ' ').replace('-', ' ').capitalize())}",
        f"language = {toml(language)}",
        "",
        "[decide]",
        f"what = {toml(config.task or f'What {program.name} computes; {_EVALUATOR} says what is good.')}",
        f"rules = {toml([_rule(program)])}",
        "",
        "[evaluator]",
        'trust = "shared"  # it imports the program itself, so that a program could make up its score',
        f"file = {toml(inside + _EVALUATOR)}",
        f"function = {toml(last)}  # called with the path of a program; `{METRIC}`, or the mean of its metrics, counts",
    ]
    if config.not_in_mean:
        lines.append(f"not_in_mean = {toml(list(config.not_in_mean))}  # metrics that describe a program")
    lines += ["", "[limits]  # decision_seconds is of one call; memory_mb of all its processes together"]
    lines += [f"{name} = {toml(limit)}" for name, limit in limits.items() if limit is not None]
    lines[-1] += "  # loaded beforehand; programs may import whatever is installed"
    for name, threshold in stages:
        lines += ["", "[[stages]]", f"name = {toml(name)}", f"function = {toml(f'evaluate_{name}')}"]
        lines.append(f"least_score = {toml(threshold)}  # a program below it goes no further and becomes no parent")
    lines += ["", "[programs]", f"seed = {toml(inside + program.name)}"]
    return Imported(
        "\n".join(lines) + "\n", config.options,
        (*config.notes, *_not_called(last), *_without_score(folder), *_left_out(folder)),
    )  # fmt: skip


def _not_called(last: str) -> Iterator[tuple[str, str]]:
    """A note where stages stand for the whole evaluation."""
    if last != "evaluate":
        why = f"evaluate is not called: the last stage, {last}, is the whole evaluation, as in OpenEvolve"
        yield _EVALUATOR, f"{why}; `cascade_evaluation: false` under `evaluator` in config.yaml has evaluate called"


def _without_score(folder: Path) -> Iterator[tuple[str, str]]:
    """A note where the score is named nowhere beside the program, so that another number will stand for it."""
    sources = [path for path in files(folder) if path.suffix == ".py" and path.stem != _PROGRAM]
    if not any(METRIC.encode() in path.read_bytes() for path in sources):
        yield _EVALUATOR, f"names no {METRIC}, so the mean of its metrics counts, and the higher the better"


def _left_out(folder: Path) -> Iterator[tuple[str, str]]:
    """A note for each link that leads away, and for each file with secrets."""
    for path in _sorted_out(folder)[1]:
        yield str(path.relative_to(folder)), f"left out of every copy: it {_LEADS_AWAY}, which programs could read"
    for path in files(folder):
        keys = openevolve_secrets.keys(path)
        if keys:
            what = ", ".join(keys)
            why = "programs can read copies, and keys of models come from the environment"
            yield str(path.relative_to(folder)), f"left out of every copy, as a secret: {what}; {why}"


def files(folder: Path) -> list[Path]:
    """What belongs to an evaluator's folder, in order: all files but hidden ones, caches and what runs have written.

    Raises UserError where that is too much to be copied.
    """
    found = _sorted_out(folder)[0]
    size = sum(path.stat().st_size for path in found)
    if size > _MOST_BYTES:
        raise UserError(
            f"{folder} holds {size >> 20} MB, which would have to be copied for the sandbox; the limit is "
            f"{_MOST_BYTES >> 20} MB"
        )
    return found


def _sorted_out(folder: Path) -> tuple[list[Path], list[Path]]:
    """A folder's files with the links between them, and links to anything else: whoever runs it may read that."""
    found = folder_files(folder)
    links = [path for path in found if path.is_symlink()]
    own = {path.resolve() for path in found if not path.is_symlink()} if links else set()
    away = [path for path in links if path.resolve() not in own]
    return [path for path in found if path not in away], away


def _programs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{_PROGRAM}.*") if path.is_file())


def _program(folder: Path, suffix: str | None) -> Path:
    """The initial program; config.yaml decides between several, else Python's comes first."""
    programs = _programs(folder)
    for wanted in (suffix, ".py"):
        for path in programs:
            if path.suffix == wanted:
                return path
    if len(programs) != 1:
        names = ", ".join(path.name for path in programs)
        raise UserError(
            f"{folder} has {len(programs)} initial programs: {names}; file_suffix in config.yaml chooses one"
        )
    return programs[0]


def _rule(program: Path) -> str:
    if "EVOLVE-BLOCK-START" in program.read_text(errors="replace"):
        return "Only what stands between the lines EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change."
    return f"The evaluator imports the program and calls what it defines: keep the names that {program.name} defines."


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f" in line {line}" if line else ""
        raise UserError(f"{path} cannot be read as Python: {getattr(error, 'msg', error)}{where}") from None


def _stages(tree: ast.Module, folder: Path, config: Config) -> tuple[list[tuple[str, float]], str]:
    """Stages before the last with their least scores, and the function that the last one calls."""
    names = set(_names(tree.body))
    if "evaluate" not in names and "*" not in names:
        raise UserError(f"{folder / _EVALUATOR} defines no function evaluate(program_path)")
    if not config.cascade or not config.thresholds or "evaluate_stage1" not in names:
        return [], "evaluate"
    count = 1
    while count <= min(2, len(config.thresholds)) and f"evaluate_stage{count + 1}" in names:
        count += 1
    return [(f"stage{n}", config.thresholds[n - 1]) for n in range(1, count)], f"evaluate_stage{count}"


def _names(body: list[ast.stmt]) -> Iterator[str]:
    """Names that statements at module level bind to functions, by definition, assignment or import."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        for name in ("body", "orelse", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.With):
                yield from _names(getattr(node, name, []))


def _imports(folder: Path, tree: ast.Module, program: Path) -> set[str]:
    """Installed packages that evaluator and initial program import at module level: they are loaded once."""
    trees = [tree]
    if program.suffix == ".py":
        trees.append(_parse(program))
    found: set[str] = set()
    for node in (node for tree in trees for node in tree.body):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        found.update(name.split(".")[0] for name in names)
    return {name for name in found if _is_installed(name, folder)}


def _is_installed(name: str, folder: Path) -> bool:
    if name in sys.stdlib_module_names or name in _NOT_WARMED or (folder / name).is_dir():
        return False
    if (folder / f"{name}.py").is_file():
        return False
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
