"""Reads the table `[workloads]` of a problem: what is evaluated on, by split."""

from pathlib import Path
from typing import Any

from adrs.errors import UserError
from adrs.evaluation import WorkloadSpec
from adrs.problem_records import data_path_in
from adrs.program import SPLITS, Split
from adrs.strict_toml import Table

Splits = dict[Split, tuple[WorkloadSpec, ...]]
"""All three splits; those besides `train` may be empty."""


def read_workloads(table: Table, folder: Path, mode: str) -> tuple[Splits, tuple[str, ...]]:
    """Workloads by split, and those left out since their data file is not there, as `name: path`.

    mode: `standard`, or `published` for the turned-round splits. Raises UserError.
    """
    reader = _Reader(folder)
    splits = reader.splits(table, mode)
    return splits, tuple(reader.missing)


def declared_train(table: Table) -> set[str]:
    """Names of `train` as written, which a turned-round problem does not have."""
    entries = table.data.get("train", [])
    return {f"{entry.get('family')}-{seed}" for entry in entries for seed in entry.get("seeds", [])}


class _Reader:
    """Reads entries in order, and remembers what was not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.missing: list[str] = []

    def splits(self, table: Table, mode: str) -> Splits:
        entries: dict[Split, list[Table]] = {split: table.tables(split) for split in SPLITS}
        table.take("train", list)
        table.finish()
        specs: dict[Split, list[WorkloadSpec]] = {split: [] for split in SPLITS}
        for split in SPLITS:
            for entry in entries[split]:
                specs[split] += self._specs(entry, split)
        if mode == "published":
            self._turn_round(table, specs)
        names: set[str] = set()
        for spec in (spec for split in SPLITS for spec in specs[split]):
            if spec.name in names:
                which = "two entries of one family name this file; give one of them another family"
                why = "a seed belongs to one split" if spec.seed is not None else which
                raise UserError(f'{table.file}: workload "{spec.name}" appears twice; {why}')
            names.add(spec.name)
        if not specs["train"]:
            raise UserError(f"{table.file}: workloads.train is empty; for example: {table.examples['workloads.train']}")
        return {split: tuple(specs[split]) for split in SPLITS}

    def _specs(self, entry: Table, split: Split) -> list[WorkloadSpec]:
        family = entry.take("family", str)
        seeds = entry.take("seeds", list, None)
        files = entry.strings("files")
        optional = entry.take("optional", bool, False)
        parameters = entry.rest()
        if files and seeds is not None:
            raise UserError(f"{entry.file}: {entry.where} has both seeds and files; make two entries of it")
        if optional and not files:
            raise UserError(f"{entry.file}: {entry.path('optional')} says that files may be missing, and names none")
        if seeds is not None:
            if not all(isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 for seed in seeds):
                raise UserError(f"{entry.file}: {entry.path('seeds')} must be whole numbers from 0")
            if not seeds:
                raise UserError(
                    f"{entry.file}: {entry.where}: seeds is empty, so family {family} would be left out; write for "
                    "example seeds = [1], or take the entry out"
                )
            return [self._spec(f"{family}-{seed}", family, split, seed, parameters) for seed in seeds]
        if not files:
            return [self._spec(family, family, split, None, parameters)]
        specs = []
        for name in files:
            path = data_path_in(self.folder, name)
            label = f"{family}-{Path(name).stem}"
            if optional and not path.is_file():
                self.missing.append(f"{label}: {path}")
            else:
                specs.append(self._spec(label, family, split, None, {**parameters, "file": str(path)}))
        return specs

    def _spec(self, name: str, family: str, split: Split, seed: int | None, parameters: dict[str, Any]) -> WorkloadSpec:
        return WorkloadSpec(self.folder.name, name, family, split, seed, parameters)

    def _turn_round(self, table: Table, specs: dict[Split, list[WorkloadSpec]]) -> None:
        published = [spec for split in SPLITS for spec in specs[split] if spec.family == "published"]
        if not published:
            missing = f" ({self.missing[0]} is missing)" if self.missing else ""
            raise UserError(f"{table.file}: this problem has no published workloads here{missing}")
        others = [spec for split in SPLITS for spec in specs[split] if spec.family != "published"]
        specs["train"] = [self._spec(s.name, s.family, "train", s.seed, dict(s.parameters)) for s in published]
        specs["validation"] = []
        specs["test"] = [self._spec(s.name, s.family, "test", s.seed, dict(s.parameters)) for s in others]
