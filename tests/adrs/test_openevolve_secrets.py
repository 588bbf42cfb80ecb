"""Keys in the configuration of an OpenEvolve folder reach no copy, log or program."""

from pathlib import Path

import pytest
import yaml

from adrs import openevolve, openevolve_secrets, problem, scaffold
from adrs.errors import UserError
from adrs.evaluate.copies import copy_of
from tests.adrs.openevolve_tools import write

EVALUATE = "def evaluate(path):\n    return {'combined_score': 1.0}\n"
CONFIG = """\
llm:
  api_key: "HIDDEN-1"  # of the lab
  # api_key: HIDDEN-2
  api_base: https://me:HIDDEN-3@models.example/v1
  max_tokens: 4096
  models:
    - {name: small, api_key: &shared HIDDEN-4, weight: 1}
    - name: large
      api_key: *shared
    - name: other
      api_key: ${OTHER_KEY}
prompt:
  system_message: The token of a request is a number.
random_seed: 3
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder with keys in two configurations."""
    made = write(tmp_path / "theirs", EVALUATE, config=CONFIG)
    (made / "config_phase_2.yml").write_text("llm:\n  api_key: HIDDEN-5\n")
    return made


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_no_copy_holds_a_key(theirs: Path, tmp_path: Path) -> None:
    scaffold.import_openevolve(tmp_path / "mine", theirs)
    assert "HIDDEN" not in texts(tmp_path / "mine")
    assert "HIDDEN" not in texts(copy_of(theirs))
    assert b"HIDDEN" not in b"".join(problem.load(str(theirs)).snapshot().values())
    assert "HIDDEN-1" in (theirs / "config.yaml").read_text()


def test_a_link_out_of_the_folder_is_copied_nowhere(theirs: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("HIDDEN-OF-THE-USER")
    (theirs / ".env").write_text("HIDDEN-TOO")
    (theirs / "data.txt").write_text("numbers")
    links = {"away.txt": "../key", "hidden.txt": ".env", "same.txt": "data.txt", "config.txt": "config.yaml"}
    for name, target in links.items():
        (theirs / name).symlink_to(target)
    lines = scaffold.import_openevolve(tmp_path / "mine", theirs)
    assert "HIDDEN" not in texts(tmp_path / "mine")
    copied = copy_of(theirs)
    assert "HIDDEN" not in texts(copied)
    assert (copied / "same.txt").read_text() == "numbers"
    assert b"HIDDEN" not in b"".join(problem.load(str(theirs)).snapshot().values())
    assert [line.split(": it")[0] for line in lines if " link " in line] == [
        "away.txt: left out of every copy", "hidden.txt: left out of every copy"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["initial_program.txt", "config.yaml", "evaluator.py"])
def test_a_link_is_neither_program_nor_configuration_nor_evaluator(theirs: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "key").write_text("HIDDEN")
    (theirs / name).unlink(missing_ok=True)
    (theirs / name).symlink_to(tmp_path / "key")
    with pytest.raises(UserError, match=f"{name} is a link to what is no file of the folder's; copy the file there"):
        openevolve.read(theirs)


def test_the_rest_of_the_configuration_stays(theirs: Path) -> None:
    copied = (copy_of(theirs) / "config.yaml").read_text()
    meant, left = yaml.safe_load(CONFIG), yaml.safe_load(copied)
    assert left["llm"]["api_key"] is None
    assert [model["api_key"] for model in left["llm"]["models"]] == [None, None, "${OTHER_KEY}"]
    assert (left["llm"]["max_tokens"], left["prompt"], left["random_seed"]) == (4096, meant["prompt"], 3)
    assert "# of the lab" in copied


def test_what_is_left_out_is_said(theirs: Path) -> None:
    lines = "\n".join(openevolve.read(theirs).lines())
    assert (
        "config.yaml: left out of every copy, as a secret: llm.api_key, line 3, line 4, llm.models.0.api_key;" in lines
    )
    assert "config_phase_2.yml: left out of every copy, as a secret: llm.api_key;" in lines
    assert "HIDDEN" not in lines


def test_a_new_key_makes_no_new_problem(theirs: Path) -> None:
    before = problem.load(str(theirs)).digest()
    (theirs / "config.yaml").write_text(CONFIG.replace("HIDDEN-1", "HIDDEN-6"))
    assert problem.load(str(theirs)).digest() == before


@pytest.mark.parametrize(
    "text",
    [
        "llm:\n  api_key: |\n    HIDDEN\n    HIDDEN\nnext: 1\n",
        "{llm: {api_key: 'HIDDEN', next: 1}}\n",
        "llm:\n  api_keys:\n  - HIDDEN\n  - &a HIDDEN\n",
        "password: !!str HIDDEN\n",
        "loop: &loop\n  again: *loop\n  api_key: HIDDEN\n",
        "a: sk-HIDDEN-0123456789abcdef\n",
        "bad: [1\n# once, the api_key = HIDDEN\n",
    ],
)
def test_however_it_is_written(text: str) -> None:
    left, keys = openevolve_secrets.without(text)
    assert "HIDDEN" not in left
    assert keys
    assert openevolve_secrets.without(left) == (left, ())


@pytest.mark.parametrize(
    "text", ["max_tokens: 4096\n", "api_key: null\n", "api_key: $KEY\n", "plain: text  # fine\n", ""]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert openevolve_secrets.without(text) == (text, ())
