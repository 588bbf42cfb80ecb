"""A run for other tools: rows that say what the log says, and trackers that need no network."""

import csv
import io
import json
from pathlib import Path

import pytest

from adrs import export
from adrs.errors import UserError
from adrs.store import Reader
from tests.adrs.hostile_text import EVERYTHING, FORMULA
from tests.adrs.lineage.conftest import story  # noqa: F401 - the run that is exported
from tests.adrs.lineage_tools import Log


def test_json_lines_hold_everything(story: Path, tmp_path: Path) -> None:  # noqa: F811
    with Reader(story) as reader:
        assert export.export(reader, None, tmp_path / "run.jsonl") == f"7 programs in {tmp_path / 'run.jsonl'}"
        programs = list(reader.programs())
    rows = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == list(range(1, 8))
    assert [row["source"] for row in rows] == [program.source for program in programs]
    assert [row["id"] for row in rows if row["winner"]] == [6]
    assert [row["id"] for row in rows if row["improved"]] == [1, 2, 3, 6, 7]
    assert rows[2]["parents"] == [{"id": 2, "role": "parent"}, {"id": 1, "role": "inspiration"}]
    assert set(rows[5]["evaluations"]) == {"train", "validation", "test"}
    assert rows[4]["duplicate_of"] == 3


def test_csv_is_a_table_that_no_spreadsheet_computes(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0, rationale=FORMULA, source=EVERYTHING)
    log.program(1, 50.0, rationale="-1 line", source="x = 1\ny = 2\n")
    with Reader(log.close()) as reader:
        export.export(reader, None, tmp_path / "run.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "run.csv").read_text())))
    assert rows[0]["rationale"] == f"'{FORMULA}"
    assert rows[1]["rationale"] == "'-1 line"
    assert rows[1]["source"] == "x = 1\ny = 2\n"
    assert float(rows[1]["train.makespan"]) == 1.5
    assert float(rows[1]["fitness"]) == -1.5
    assert (rows[0]["parent"], rows[1]["parent"]) == ("", "1")


def test_sources_can_be_left_out(story: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    with Reader(story) as reader:
        assert export.export(reader, "jsonl", None, sources=False) == ""
    assert all("source" not in json.loads(line) for line in capsys.readouterr().out.splitlines())


def test_what_cannot_be_exported_is_one_sentence(story: Path, tmp_path: Path) -> None:  # noqa: F811
    with Reader(story) as reader:
        with pytest.raises(UserError, match='"xml"'):
            export.export(reader, "xml", None)
        with pytest.raises(UserError, match="cannot be written"):
            export.export(reader, "csv", tmp_path / "no" / "folder")
        with pytest.raises(UserError, match="Parquet"):
            export.export(reader, "parquet", None)


def test_parquet_is_the_same_table(story: Path, tmp_path: Path) -> None:  # noqa: F811
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'adrs[parquet]'")
    from pyarrow import parquet

    with Reader(story) as reader:
        export.export(reader, None, tmp_path / "run.parquet")
    table = parquet.read_table(tmp_path / "run.parquet").to_pylist()
    assert [row["id"] for row in table] == list(range(1, 8))
    assert table[5]["winner"] is True
    assert table[5]["test.makespan"] == 1.25
    assert table[3]["score"] is None


def test_the_types_of_parquet_are_the_same_for_every_run(story: Path, tmp_path: Path) -> None:  # noqa: F811
    """Also where no program has a score, a model or a parent, so that files of several runs go together."""
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'adrs[parquet]'")
    from pyarrow import parquet

    log = Log(tmp_path)
    log.program(None, None, verdict="error", reason="no luck")
    schemas = []
    for folder in (story, log.close()):
        with Reader(folder) as reader:
            export.export(reader, None, tmp_path / "run.parquet")
        schema = parquet.read_schema(tmp_path / "run.parquet")
        schemas.append({name: str(schema.field(name).type) for name in schema.names})
    assert schemas[1].items() <= schemas[0].items()
    assert (schemas[1]["score"], schemas[1]["duplicate_of"], schemas[1]["winner"]) == ("double", "int64", "bool")


def test_mlflow_gets_curve_settings_and_files(story: Path, tmp_path: Path) -> None:  # noqa: F811
    mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'adrs[mlflow]'")
    with Reader(story) as reader:
        done = export.export(reader, "mlflow", tmp_path / "tracking")
    client = mlflow.MlflowClient((tmp_path / "tracking").as_uri())
    run = client.get_run(done.split()[1])
    assert run.data.params["seed"] == "7"
    assert run.data.metrics["winner_test_metric"] == 1.25
    steps = [(each.step, each.value) for each in client.get_metric_history(run.info.run_id, "best_score")]
    assert steps == [(1, 0.0), (2, 20.0), (3, 60.0), (5, 90.0), (6, 95.0)]
    assert {each.path for each in client.list_artifacts(run.info.run_id)} == {"report.html", "winner.py"}


def test_wandb_writes_a_folder_and_sends_nothing(story: Path, tmp_path: Path) -> None:  # noqa: F811
    pytest.importorskip("wandb", reason="Weights & Biases is not installed: pip install 'adrs[wandb]'")
    with Reader(story) as reader:
        done = export.export(reader, "wandb", tmp_path / "tracking")
    folder = Path(done.removeprefix("wandb sync "))
    assert folder.is_relative_to(tmp_path)
    assert list(folder.glob("*.wandb"))
    assert (folder / "files" / "report.html").is_file()
