"""A proposer of another package: the one of docs/proposer.md, installed and run as its readers would."""

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
    assert write_package("proposer.md", folder) == ["one_fifth.py", "pyproject.toml", "test_one_fifth.py"]
    return folder


def test_the_proposer_of_the_page_is_sixty_lines_and_passes_its_tests(package: Path) -> None:
    assert len((package / "one_fifth.py").read_text().splitlines()) <= 60
    assert "4 passed" in run_tests(package)


def test_a_run_finds_it_by_name(package: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(package, site)
    scaffold.make(tmp_path / "demo")
    run = [*ADRS, "run", "./demo", "--max-evaluations", "40", "--quiet", "--proposers", "embedded:1,one-fifth:3"]
    done = subprocess.run(run, env={**environment(), "PYTHONPATH": str(site)}, cwd=tmp_path, capture_output=True,
                          text=True, timeout=240, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    with Reader(folders.find_run("last", tmp_path / "runs")) as reader:
        made = [program for program in reader.programs() if program.proposer == "one-fifth"]
        assert any(program.fitness is not None and " -> " in program.rationale for program in made)
    unknown = subprocess.run(run, env=environment(), cwd=tmp_path, capture_output=True, text=True, timeout=240,
                             check=False)  # fmt: skip
    assert unknown.returncode == 1
    assert 'there is no proposer "one-fifth"' in unknown.stderr
