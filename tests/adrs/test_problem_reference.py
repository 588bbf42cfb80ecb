"""docs/problem-reference.md names all that problem.toml and an evaluator may hold: held to what the code asks for."""

import dataclasses
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from adrs import evaluation, problem, resources
from adrs.cli.problems import new
from adrs.interface import parse_type
from adrs.strict_toml import Table
from adrs.testing.policy import InProcessPolicy
from adrs_helpers import blocks

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "problem-reference.md").read_text()
OWN = ("objective.metrics.", "data.", "comparisons.relative.", "comparisons.absolute.", "policy.functions.NAME")
"""Tables whose keys are the author's."""
EVERYTHING = """
[policy.functions.move]
returns = "float"
arguments = { history = "float[2]", state = "state" }
[distill]
function = "move"
low = 0.0
high = 1.0
features = [
    { name = "a", identifier = "a", unit = "1", rest = 0, low = 0, high = 1 },
    { name = "b", identifier = "b", unit = "1", rest = 0, low = 0, high = 1 },
]
[objective]
metric = "cost"
direction = "minimize"
[evaluator]
class = "evaluator:Anything"
[workloads]
train = [{ family = "one" }]
[[comparisons]]
name = "alike"
baseline = "seed"
beside = "seed"
workloads = [{ name = "one", family = "one" }]
relative = { cost = 0.1 }
"""
SHARED = """
[evaluator]
trust = "shared"
file = "seed.py"
"""
BOTH = """
title = "Anything"
decide = { what = "This." }
stages = [{ name = "smoke" }]
hints = [{ text = "Look." }]
features = [{ metric = "cost", low = 0, high = 1 }]
[programs]
seed = "seed.py"
trivial = "seed.py"
cheats = [{ file = "seed.py", verdict = "ok" }]
"""


def asked(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The keys that are asked for when a problem of all tables is read, with their defaults."""
    found: dict[str, Any] = {}
    take = Table.take

    def noted(table: Table, key: str, kind: Any, default: Any = ...) -> Any:
        path = re.sub(r"\[\d+\]", "", table.path(key)).replace("policy.functions.move", "policy.functions.NAME")
        found.setdefault(path, default)
        return take(table, key, kind, default)

    (folder / "seed.py").write_text("")
    head = '[policy]\nshape = "decide"\n' if text is EVERYTHING else ""
    trivial = 'trivial = "seed.py"\n' if text is SHARED else ""
    (folder / "problem.toml").write_text(BOTH.replace(trivial, "") + head + text)
    with monkeypatch.context() as patched:
        patched.setattr(Table, "take", noted)
        problem.load(str(folder))
    return found


def rows(text: str, path: str = "") -> dict[str, Any]:
    """Keys of the first column of tables, with the default where one is written and ... elsewhere."""
    found: dict[str, Any] = {}
    for cell in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE):
        for code in re.findall(r"`([^`]+)`", cell):
            name, _, default = code.partition(" = ")
            found[path + name] = tomllib.loads(f"it = {default}")["it"] if default else ...
    return found


def sections() -> dict[str, str]:
    """Of the part on problem.toml, by heading."""
    parts = re.split(r"^### ", PAGE[: PAGE.index("\n## Types")], flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part for part in parts}


def test_every_key_is_on_the_page_with_its_default_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documented: dict[str, Any] = {}
    for heading, text in sections().items():
        table = heading.strip("`[]").replace("workloads.SPLIT", "workloads.train")
        if heading == "Top level" or heading.startswith("`"):
            documented |= rows(text, "" if heading == "Top level" else f"{table}.")
    taken = asked(tmp_path, EVERYTHING, monkeypatch)
    known = {path: default for path, default in taken.items() if not path.startswith(OWN[:-1]) and path != OWN[-1]}
    assert known.keys() == documented.keys() - {"language"}
    empty: tuple[Any, ...] = (..., None, [], {}, "")
    for path, default in known.items():
        if path != "objective.workload_metric":
            written = documented[path]
            assert written == default or (written in empty and default in empty), path


def test_every_key_of_an_evaluator_that_imports_the_program_is_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sections()
    documented = rows(found["Evaluators that import the program"])
    above = rows(found["Top level"]) | {f"{name}.{key}": default for name in
             ("decide", "limits", "hints", "features", "programs", "programs.cheats", "evaluator")
             for heading, text in found.items() if heading.strip("`[]") == name
             for key, default in rows(text).items()}  # fmt: skip
    taken = asked(tmp_path, SHARED, monkeypatch)
    assert taken.keys() <= documented.keys() | above.keys()
    assert documented.keys() <= taken.keys()
    for path in documented.keys() & {"language", "objective.noisy", "limits.processes", "evaluator.function"}:
        assert documented[path] == taken[path], path


def test_every_name_of_an_evaluator_is_on_the_page() -> None:
    names = {name for name, value in vars(evaluation).items()
             if inspect.isclass(value) and value.__module__ == evaluation.__name__}  # fmt: skip
    for kind in (evaluation.Policy, evaluation.Evaluator, evaluation.Attempts, evaluation.Failure):
        members = {*vars(kind), *inspect.get_annotations(kind)}
        names |= {name for name in members if not name.startswith("_")}
    names |= {field.name for field in dataclasses.fields(evaluation.WorkloadSpec)} | {"policy_seed", "parameters"}
    names |= {"weight", "bounds", "feedback", "replicates", "details", InProcessPolicy.__name__}
    names |= {name for name, value in vars(blocks).items() if inspect.isfunction(value)}
    text = re.sub(r"```.*?```", "", PAGE[PAGE.index("\n## Types") :], flags=re.DOTALL)
    assert names - set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text)))) == set()


def test_every_type_of_the_page_is_one() -> None:
    types = PAGE[PAGE.index("\n## Types") : PAGE.index("\n## What an evaluator")]
    ranges = [text for text in re.findall(r"`([^`]+)`", types) if re.search(r"[\w?\]] in |\w\[", text)]
    written = [text for text in ranges if not re.search("[={]", text)]
    assert len(written) >= 10
    for text in written:
        parse_type(text, "the page")


def test_every_variable_that_is_read_is_on_the_page() -> None:
    read = r'environ(?:ment)?\.get\("([A-Z_]+)"'
    found = {name for file in (ROOT / "adrs").rglob("*.py") for name in re.findall(read, file.read_text())}
    assert found >= {"ADRS_DATA", "ADRS_CACHE", "OPENAI_BASE_URL", "DOCKER_HOST"}
    assert {name for name in found if f"`{name}`" not in PAGE} == set()


def test_the_page_debugs_the_problem_that_adrs_new_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    new("demo")
    read = re.search(r"^read: (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert read is not None
    assert Path(read[1]).is_file()
    code = re.search(r"<!-- debug -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    exec(code[1], {})
    assert "makespan" in capsys.readouterr().out


def test_what_is_read_by_name_lies_in_a_wheel_as_in_a_checkout() -> None:
    """`resources.folder` finds these; a folder that a wheel lacks would be looked for beside the installed package."""
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    shipped = {target.rpartition("/")[2]: Path(source) for source, target in targets["wheel"]["force-include"].items()}
    assert {name: ROOT / source for name, source in shipped.items()} == {
        name: resources.folder(name) for name in ("problems", "prompts", "docs", "hostile")
    }
    assert {source.parts[0] for source in shipped.values()} <= set(targets["sdist"]["include"])
