"""What all tests share."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("ADRS_CACHE", str(Path(tempfile.gettempdir()) / f"adrs-test-cache-{os.getuid()}"))

from adrs import scaffold

settings.register_profile("shared", deadline=None)  # a busy machine makes no test fail
settings.load_profile("shared")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A problem as `adrs new` makes it."""
    folder = tmp_path / "demo"
    scaffold.make(folder)
    return folder
