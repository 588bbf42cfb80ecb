"""Packages whose files stand in a page of the documentation, installed as their readers would."""

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def write_package(page: str, folder: Path) -> list[str]:
    """Write the files of a page to a folder; returns their names."""
    files = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", (DOCS / page).read_text(), re.DOTALL))
    for name, text in files.items():
        (folder / name).write_text(text)
    return sorted(files)


def install(package: Path, site: Path) -> None:
    """Install a package as pip does that; nothing is fetched for it."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    done = subprocess.run([sys.executable, "-m", "pip", "install", *options, str(package)], capture_output=True,
                          text=True, timeout=240, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def run_tests(package: Path) -> str:
    """Run a package's own tests; returns what was printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(package), str(package)]
    done = subprocess.run(command, cwd=package, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout
