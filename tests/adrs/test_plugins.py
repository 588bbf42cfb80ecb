"""What other packages register: how it is found, and what is said where it cannot be used."""

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from typer.testing import CliRunner

import adrs
from adrs import plugins, sandbox
from adrs.cli import app
from adrs.errors import PluginError, UserError

Register = Callable[..., None]


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Register:
    """Registers strategies, or what else a seam has, beside the shipped ones; `text` is the module that they are in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    installed, found = plugins.entry_points, list[EntryPoint]()

    def entry_points(**wanted: str) -> EntryPoints:
        return EntryPoints([*installed(**wanted), *EntryPoints(found).select(**wanted)])

    monkeypatch.setattr(plugins, "entry_points", entry_points)

    def registering(module: str, text: str, seam: str = "search", **plugged: str) -> None:
        (tmp_path / f"{module}.py").write_text(text)
        for name, attribute in plugged.items():
            found.append(EntryPoint(name.replace("_", "-"), f"{module}:{attribute}", f"adrs.{seam}"))

    return registering


def test_what_cannot_be_imported_is_said_with_the_place(register: Register, tmp_path: Path) -> None:
    register("crooked", "def x(:\n", crooked="X")
    register("fragile", "import math\n\nvalue = math.sqrt(-1)\n", fragile="X")
    register("empty", "", empty="X")
    with pytest.raises(
        PluginError, match=r"^search strategy \"crooked\" \(crooked:X\) cannot be imported: SyntaxError"
    ):
        plugins.load("search", "crooked")
    with pytest.raises(PluginError, match=rf"ValueError: .* \({tmp_path / 'fragile.py'}, line 3\)$"):
        plugins.load("search", "fragile")
    with pytest.raises(PluginError, match="cannot be imported: AttributeError: module 'empty' has no attribute 'X'"):
        plugins.load("search", "empty")
    with pytest.raises(UserError, match='there is no search strategy "fragil"; did you mean "fragile"'):
        plugins.load("search", "fragil")


def test_a_name_that_stands_for_two_things_is_refused(register: Register) -> None:
    register("mine", "class Best:\n    pass\n", top_k="Best", best="Best")
    with pytest.raises(
        UserError, match=r'"top-k" is registered more than once, as adrs.search.top_k:TopK and mine:Best;'
    ):
        plugins.load("search", "top-k")
    register("mine", "class Best:\n    pass\n", best="Best")  # the same again, as of a package that is found twice
    assert plugins.load("search", "best").__name__ == "Best"
    assert plugins.load("search", "beam").__name__ == "Beam"


def test_doctor_tells_strategies_that_cannot_be_used_apart(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register("fragile", "value = 1 // 0\n", fragile="X")
    monkeypatch.setattr(sandbox, "probe", list)
    shown = CliRunner().invoke(app, ["doctor", "--json"]).stdout
    rows = [row for row in json.loads(shown) if row["kind"] == "search"]
    assert [row["available"] for row in rows] == [True, False]
    assert "top-k" in rows[0]["name"]
    assert "fragile" not in rows[0]["name"]
    assert "ZeroDivisionError" in rows[1]["detail"]


def test_an_executor_of_another_package_evaluates_a_run(
    register: Register, tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("elsewhere", "from adrs.evaluate.pool import LocalPool as Elsewhere\n",
             seam="executor", elsewhere="Elsewhere")  # fmt: skip
    monkeypatch.chdir(tmp_path)
    run = adrs.evolve(demo, max_evaluations=3, executor="elsewhere")
    assert run.outcome.evaluations == 3
    done = CliRunner().invoke(app, ["run", str(demo), "--executor", "elsewere"])
    assert str(done.exception).startswith('there is no executor "elsewere"; did you mean "elsewhere"?')
