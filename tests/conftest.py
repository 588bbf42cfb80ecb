"""What all tests share."""

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("ADRS_CACHE", str(Path(tempfile.gettempdir()) / f"adrs-test-cache-{os.getuid()}"))

from adrs import scaffold


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A problem as `adrs new` makes it."""
    folder = tmp_path / "demo"
    scaffold.make(folder)
    return folder
