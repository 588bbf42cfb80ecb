"""Exports to experiment trackers: a run of adrs becomes a run there, with curve, settings, winner and report."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from adrs import lineage, report
from adrs.errors import UserError
from adrs.lineage import Overview
from adrs.store import Reader

_LONGEST = 500
"""Characters of a setting; MLflow refuses more."""


def to_mlflow(reader: Reader, tracking: str | None = None) -> str:
    """Add the run to the experiment named after its problem; returns the new run's id.

    tracking: a folder or an address; None: what MLflow itself is configured to use. Raises UserError where MLflow is
    not installed or refuses.
    """
    try:
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise UserError("MLflow is not installed: pip install 'adrs[mlflow]'") from None
    try:
        if tracking is not None and "://" not in tracking:  # newer versions want to be asked for folders twice
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        if tracking is not None:
            mlflow.set_tracking_uri(tracking if "://" in tracking else Path(tracking).absolute().as_uri())
        mlflow.set_experiment(reader.info.problem)
        with mlflow.start_run(run_name=reader.folder.name) as run, tempfile.TemporaryDirectory() as scratch:
            mlflow.log_params(_settings(reader))
            for step, values in _curve(reader):
                mlflow.log_metrics(values, step=step)
            mlflow.log_metrics(_summary(reader))
            mlflow.log_artifacts(str(_files(reader, Path(scratch))))
            return str(run.info.run_id)
    except MlflowException as error:
        raise UserError(f"MLflow refused run {reader.folder.name}: {str(error).splitlines()[0]}") from None


def to_wandb(reader: Reader, folder: Path) -> Path:
    """Write the run to a folder that `wandb sync` sends; nothing leaves the machine. Returns the run's folder there.

    Raises UserError where wandb is not installed or refuses.
    """
    try:
        import wandb
    except ImportError:
        raise UserError("Weights & Biases is not installed: pip install 'adrs[wandb]'") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        settings = wandb.Settings(console="off", silent=True, disable_git=True, x_disable_stats=True)
        with wandb.init(project=reader.info.problem, name=reader.folder.name, mode="offline", dir=str(folder),
                        config=_settings(reader), settings=settings) as run:  # fmt: skip
            for step, values in _curve(reader):
                run.log(values, step=step)
            run.summary.update(_summary(reader))
            kept = Path(run.dir)
            _files(reader, kept)
            return kept.parent
    except (wandb.Error, OSError) as error:
        raise UserError(f"Weights & Biases refused run {reader.folder.name}: {error}") from None


def _settings(reader: Reader) -> dict[str, str]:
    found = lineage.configuration(reader)
    settings = {"run": found.run, "problem": found.problem, "problem_digest": found.problem_digest,
                "adrs_version": found.adrs_version, **found.settings}  # fmt: skip
    return {name: str(value)[:_LONGEST] for name, value in settings.items() if value not in (None, "", [])}


def _curve(reader: Reader) -> Iterator[tuple[int, dict[str, float]]]:
    for point in lineage.curve(reader).points:
        values = {"best_fitness": point.fitness, "seconds": point.seconds, "usd": point.usd}
        yield point.evaluations, values | ({} if point.score is None else {"best_score": point.score})


def _summary(reader: Reader) -> dict[str, float]:
    """Scores and metrics of the winner by split, and what the run cost."""
    overview: Overview = lineage.overview(reader)
    costs = lineage.costs(reader)
    values: dict[str, float | None] = {"programs": overview.programs, "evaluations": overview.evaluations,
                                       "cpu_seconds": costs.cpu_seconds, "total_usd": costs.usd}  # fmt: skip
    winner = lineage.standing(reader).of("winner")
    for split, measured in (winner.measured if winner else {}).items():
        values |= {f"winner_{split}_score": measured.score, f"winner_{split}_metric": measured.value}
    return {name: float(value) for name, value in values.items() if value is not None}


def _files(reader: Reader, folder: Path) -> Path:
    """The report, and the winner's source."""
    report.write(reader, folder / "report.html")
    chosen = lineage.winner(reader)
    if chosen is not None:
        suffix = Path(lineage.declared(reader).seed).suffix
        (folder / f"winner{suffix}").write_text(reader.program(chosen).source, errors="surrogatepass")
    return folder
