"""A strategy of another package: the one of docs/search-strategy.md, installed and run as its readers would."""

import subprocess
from pathlib import Path

import pytest

from adrs import folders, scaffold
from adrs.store import Reader
from tests.adrs.cli_tools import ADRS, environment
from tests.adrs.plugin_tools import install, run_tests, write_package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's files."""
    folder = tmp_path_factory.mktemp("package")
    assert write_package("search-strategy.md", folder) == ["ageing.py", "pyproject.toml", "test_ageing.py"]
    return folder


@pytest.fixture(scope="module")
def site(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package is installed."""
    folder = tmp_path_factory.mktemp("site")
    install(package, folder)
    return folder


def test_what_is_installed_is_the_strategy_alone(site: Path) -> None:
    assert {path.name for path in site.glob("*.py")} == {"ageing.py"}


def test_the_strategy_of_the_page_is_sixty_lines_and_passes_its_tests(package: Path) -> None:
    assert len((package / "ageing.py").read_text().splitlines()) <= 60
    assert "6 passed" in run_tests(package)


def test_a_run_finds_it_by_name(site: Path, tmp_path: Path) -> None:
    scaffold.make(tmp_path / "demo")
    run = [*ADRS, "run", "./demo", "--max-evaluations", "12", "--quiet", "--search"]
    options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 240, "check": False}
    with_package = {**environment(), "PYTHONPATH": str(site)}
    done = subprocess.run([*run, "ageing"], env=with_package, **options)
    assert done.returncode == 0, done.stderr
    with Reader(folders.find_run("last", tmp_path / "runs")) as reader:
        assert reader.info.configuration["search"] == "ageing"
        assert reader.evaluations() == 12
    mistyped = subprocess.run([*run, "agein"], env=with_package, **options)
    assert mistyped.returncode == 1
    assert mistyped.stderr.startswith(
        'adrs: there is no search strategy "agein"; did you mean "ageing"? known: adaptive, ageing, beam, '
    )
    unknown = subprocess.run([*run, "quantum"], env=environment(), **options)
    assert unknown.returncode == 1
    assert "known: adaptive, beam, best-of-n, map-elites, novelty, pareto, random, top-k" in unknown.stderr


def test_help_names_every_shipped_strategy() -> None:
    from adrs import plugins

    done = subprocess.run([*ADRS, "run", "--help"], env=environment(), capture_output=True,
                          text=True, timeout=60, check=True)  # fmt: skip
    assert ", ".join(plugins.names("search")) in " ".join(done.stdout.split())
