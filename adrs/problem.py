"""Reads `problem.toml`, strictly: an unknown key, a missing field or a wrong type is one clear sentence.

A problem is a folder. Everything the engine, a proposer or a person must know about it stands in this one file;
the evaluator that it names is trusted code, the programs that it lists are not.
"""

import math
import tomllib
from pathlib import Path
from typing import Any

from adrs import openevolve, resources
from adrs.comparisons import read_comparisons
from adrs.distillation_table import read_distillation
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import WorkloadSpec
from adrs.interface import FunctionType, Type, ValueType, bound, mentioned, parse_type
from adrs.problem_records import (
    FILE,
    Baseline,
    Cheat,
    Decision,
    Feature,
    Hint,
    Limits,
    Objective,
    Problem,
    Role,
    Stage,
    Trust,
    data_path_in,
)
from adrs.program import FULL, PARTIAL, REFUSED, SPLITS, Split
from adrs.strict_toml import Table

__all__ = ["FILE", "Baseline", "Cheat", "Decision", "Feature", "Hint", "Limits", "Objective", "Problem", "Stage",
           "Trust", "load", "shipped"]  # fmt: skip

_SHARED_LIMITS = Limits(
    decision_seconds=300.0, start_seconds=60.0, memory_mb=2048, scratch_mb=256, output_kb=20, answer_mb=4, processes=32
)  # fmt: skip
"""Where a shared evaluator's problem says nothing: what such evaluators are used to. Five minutes is OpenEvolve's."""

_MOST_CELLS = 1024
"""Of the grid that a problem's features make; more would not fill within a run."""


def shipped() -> list[str]:
    """Names of the problems that come with adrs."""
    return sorted(path.parent.name for path in resources.folder("problems").glob(f"*/{FILE}"))


def load(name_or_path: str, workloads: str = "standard") -> Problem:
    """Read a problem by shipped name or by path of its folder, which may be one of OpenEvolve's form.

    workloads: `standard`, or `published` for the turned-round splits: the published set becomes `train`, and the
    families of `train` and `validation` join `test`.
    Raises UserError for whatever is wrong with it.
    """
    folder = _find(name_or_path)
    if not (folder / FILE).is_file():
        generated = openevolve.read(folder).declaration
        return _Reader(folder, tomllib.loads(generated), generated).problem(workloads)
    try:
        with (folder / FILE).open("rb") as file:
            data = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{folder / FILE} is not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{folder / FILE} is not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"{folder / FILE} cannot be read: {error.strerror}") from None
    return _Reader(folder, data).problem(workloads)


def _find(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if "/" not in name_or_path and name_or_path in shipped() and not (path / FILE).is_file():
        return resources.folder("problems") / name_or_path
    if path.name == FILE:
        path = path.parent
    if (path / FILE).is_file() or openevolve.is_folder(path):
        return path.resolve()
    if path.is_dir():
        raise UserError(
            f"{path} holds no {FILE}, nor the evaluator.py and initial_program of OpenEvolve; `adrs new NAME` makes a "
            "problem to start from"
        )
    if "/" in name_or_path:
        raise UserError(f"{path} does not exist; give a problem's folder, or one of: {', '.join(shipped())}")
    raise UserError(f'there is no problem "{name_or_path}"{did_you_mean(name_or_path, shipped())}')


_EXAMPLES = {
    "title": 'title = "Place language models on GPUs"',
    "decide": '[decide] with what = "Which GPU each model is placed on."',
    "decide.what": 'what = "Which GPU each model is placed on."',
    "policy": '[policy] with shape = "solve" and a table [policy.functions.NAME]',
    "policy.shape": 'shape = "solve"',
    "policy.functions": "a table [policy.functions.solve]",
    "objective": '[objective] with metric = "cost" and direction = "minimize"',
    "objective.metric": 'metric = "cost"',
    "objective.direction": 'direction = "minimize"',
    "evaluator": '[evaluator] with class = "evaluator:MyProblem"',
    "evaluator.class": 'class = "evaluator:MyProblem"',
    "workloads": '[workloads] with train = [{ family = "small", seeds = [1, 2] }]',
    "workloads.train": 'train = [{ family = "small", seeds = [1, 2] }]',
    "programs": '[programs] with seed = "seed.py" and trivial = "baselines/trivial.py"',
    "programs.seed": 'seed = "seed.py"',
    "programs.trivial": 'trivial = "baselines/trivial.py"',
}


class _Reader:
    """Turns the tables of one file into a Problem."""

    def __init__(self, folder: Path, data: dict[str, Any], generated: str | None = None) -> None:
        self.folder = folder
        self.file = folder / FILE
        self.generated = generated
        self.root = Table("", data, self.file, _EXAMPLES)
        self.missing: list[str] = []

    def problem(self, workloads: str) -> Problem:
        root = self.root
        if root.table("evaluator", {}).choice("trust", ("line", "shared"), "line") == "shared":
            return self._shared(workloads)
        title, source = root.take("title", str), root.take("source", str, "")
        decide = self._decision(root.table("decide"))
        policy = root.table("policy")
        shape = policy.choice("shape", ("solve", "decide"))
        functions = self._functions(policy.table("functions"))
        policy.finish()
        objective = self._objective(root.table("objective"))
        evaluator = root.table("evaluator")
        evaluator.take("trust", str, "line")
        evaluator_class = evaluator.take("class", str)
        if evaluator_class.count(":") != 1:
            raise UserError(f'{self.file}: evaluator.class must read "module:Class", not "{evaluator_class}"')
        parameters = evaluator.take("parameters", dict, {})
        scorer = evaluator.take("scorer", str, "")
        if scorer and scorer.count(":") != 1:
            raise UserError(f'{self.file}: evaluator.scorer must read "module:function", not "{scorer}"')
        evaluator.finish()
        limits = self._limits(root.table("limits", {}), Limits())
        data = self._data(root.table("data", {}))
        splits = self._splits(root.table("workloads"), workloads)
        stages = tuple(self._stage(table, splits["train"]) for table in root.tables("stages"))
        programs = root.table("programs")
        seed = self._path(programs, "seed")
        baselines = self._baselines(programs)
        if objective.least_span > 0 and baselines[-1].role != "state-of-the-art":
            raise UserError(f"{self.file}: objective.least_span needs a baseline programs.state-of-the-art")
        cheats = tuple(self._cheat(table) for table in programs.tables("cheats"))
        blocks = tuple(self._file(name, "programs.blocks") for name in programs.strings("blocks"))
        programs.finish()
        hints = tuple(self._hint(table) for table in root.tables("hints"))
        features = self._features(root.tables("features"))
        distillation, choosing = read_distillation(root.table("distill", {}), functions)
        comparisons = read_comparisons(root.tables("comparisons"), self.folder.name, baselines)
        root.finish()
        return Problem(
            name=self.folder.name, folder=self.folder, title=title, source=source, decide=decide, shape=shape,
            functions=functions, objective=objective, evaluator=evaluator_class, evaluator_parameters=parameters,
            limits=limits, mode=workloads, workloads=splits, missing=tuple(self.missing), data=data, stages=stages,
            seed=seed, baselines=baselines, cheats=cheats, blocks=blocks, hints=hints, features=features, scorer=scorer,
            distillation=distillation, choosing=choosing, comparisons=comparisons,
        )  # fmt: skip

    def _shared(self, mode: str) -> Problem:
        """A problem whose evaluator imports the program itself."""
        root = self.root
        if mode != "standard":
            raise UserError(f"{self.file}: this problem has no published workloads")
        title, source = root.take("title", str), root.take("source", str, "")
        decide = self._decision(root.table("decide"))
        language = root.take("language", str, "python").lower()
        objective = root.table("objective", {})
        noisy, margin = objective.take("noisy", bool, True), objective.take("margin", float, 0.0)
        objective.finish()
        evaluator = root.table("evaluator")
        evaluator.take("trust", str)
        file, function = self._path(evaluator, "file"), evaluator.take("function", str, "evaluate")
        parameters = {"not_in_mean": list(evaluator.strings("not_in_mean"))}
        evaluator.finish()
        limits = self._limits(root.table("limits", {}), _SHARED_LIMITS)
        stages = tuple(self._shared_stage(table) for table in root.tables("stages"))
        programs = root.table("programs")
        seed = self._path(programs, "seed")
        cheats = tuple(self._cheat(table) for table in programs.tables("cheats"))
        programs.finish()
        hints = tuple(self._hint(table) for table in root.tables("hints"))
        features = self._features(root.tables("features"))
        root.finish()
        metric = openevolve.METRIC
        workload = self._spec("evaluate", "evaluate", "train", None, {})
        return Problem(
            name=self.folder.name, folder=self.folder, title=title, source=source, decide=decide, shape="solve",
            functions={}, objective=Objective(metric, "maximize", metric, noisy=noisy, margin=margin),
            evaluator=f"{file.relative_to(self.folder)}:{function}", evaluator_parameters=parameters, limits=limits,
            mode=mode, workloads={"train": (workload,), "validation": (), "test": ()}, missing=(), data={},
            stages=stages, seed=seed, baselines=(Baseline(seed.stem.replace("_", "-"), "trivial", seed),),
            cheats=cheats, blocks=(), hints=hints, features=features, trust="shared", language=language,
            generated=self.generated,
        )  # fmt: skip

    def _decision(self, table: Table) -> Decision:
        what, why = table.take("what", str), table.take("why", str, "")
        decision = Decision(what, why, table.strings("rules"), table.strings("pitfalls"))
        table.finish()
        return decision

    def _functions(self, table: Table) -> dict[str, FunctionType]:
        functions = {}
        for name in table.data:
            if not name.isidentifier():
                raise UserError(f'{self.file}: policy.functions has "{name}", which is not a Python name')
            entry = table.table(name)
            arguments = entry.table("arguments", {})
            kinds = {key: self._type(value, arguments.path(key)) for key, value in arguments.data.items()}
            doc = entry.take("doc", str, "")
            returns = self._returns(entry)
            optional = entry.take("optional", bool, False)
            entry.finish()
            self._check_names(entry, kinds, returns)
            functions[name] = FunctionType(name, doc, kinds, returns, optional)
        if not functions:
            raise UserError(f"{self.file}: policy.functions is empty; add {_EXAMPLES['policy.functions']}")
        return functions

    def _check_names(self, entry: Table, kinds: dict[str, Type], returns: Type) -> None:
        """Raise UserError for a name in the type of an answer that no argument gives a number to."""
        known = bound(kinds)
        for name in mentioned(returns):
            if name not in known:
                raise UserError(
                    f'{self.file}: {entry.path("returns")}: "{name}" is neither a dimension nor a whole number of an '
                    f"argument{did_you_mean(name, known)}"
                )

    def _returns(self, entry: Table) -> Type:
        value, where = entry.take("returns", (str, dict, list)), entry.path("returns")
        if isinstance(value, list):
            kinds = tuple(self._type(text, where) for text in value)
            fields = tuple(kind for kind in kinds if isinstance(kind, ValueType))
        else:
            kind = self._type(value, where)
            fields = (kind,) if isinstance(kind, ValueType) else tuple(kind.values()) if isinstance(kind, dict) else ()
        if any(field.base == "data" for field in fields):
            raise UserError(
                f'{self.file}: {where}: "data" is for arguments; an answer needs a type that can be checked'
            )
        if any(field.is_kept for field in fields) and not isinstance(value, str):
            raise UserError(f"{self.file}: {where}: what stays with the program is returned alone")
        return fields if isinstance(value, list) else kind

    def _type(self, value: Any, where: str) -> Type:
        if isinstance(value, str):
            return parse_type(value, f"{self.file}: {where}")
        if isinstance(value, dict):
            fields: dict[str, ValueType] = {}
            for key, text in value.items():
                if not isinstance(text, str):
                    raise UserError(f"{self.file}: {where}.{key} must be a type in quotes")
                fields[key] = parse_type(text, f"{self.file}: {where}.{key}")
            return fields
        raise UserError(f"{self.file}: {where} must be a type in quotes, or a table of named types")

    def _objective(self, table: Table) -> Objective:
        metric = table.take("metric", str)
        objective = Objective(
            metric=metric,
            direction=table.choice("direction", ("minimize", "maximize")),
            workload_metric=table.take("workload_metric", str, metric),
            unit=table.take("unit", str, ""),
            noisy=table.take("noisy", bool, False),
            margin=table.take("margin", float, 0.0),
            least_span=table.take("least_span", float, 0.0),
        )
        table.finish()
        return objective

    def _limits(self, table: Table, defaults: Limits) -> Limits:
        values: dict[str, Any] = {}
        for name in ("decision_seconds", "evaluation_seconds", "start_seconds"):
            values[name] = self._positive(table, name, float, defaults)
        for name in ("memory_mb", "scratch_mb", "output_kb", "answer_mb", "source_kb", "literals_kb"):
            values[name] = self._positive(table, name, int, defaults)
        if defaults.processes:
            values["processes"] = self._positive(table, "processes", int, defaults)
        values["imports"] = table.strings("imports")
        table.finish()
        return Limits(**values)

    def _positive(self, table: Table, name: str, kind: type, defaults: Limits) -> Any:
        value = table.take(name, kind, getattr(defaults, name))
        if value <= 0:
            raise UserError(f"{self.file}: {table.path(name)} must be above 0, not {value}")
        return value

    def _data(self, table: Table) -> dict[str, str]:
        sums = {name: table.take(name, str) for name in table.data}
        for name, value in sums.items():
            if len(value) != 64 or set(value) - set("0123456789abcdef"):
                raise UserError(f'{self.file}: {table.path(name)} must be a SHA-256 in hexadecimal, not "{value}"')
        return sums

    def _splits(self, table: Table, mode: str) -> dict[Split, tuple[WorkloadSpec, ...]]:
        entries: dict[Split, list[Table]] = {split: table.tables(split) for split in SPLITS}
        table.take("train", list)
        table.finish()
        specs: dict[Split, list[WorkloadSpec]] = {split: [] for split in SPLITS}
        for split in SPLITS:
            for entry in entries[split]:
                specs[split] += self._specs(entry, split)
        if mode == "published":
            self._turn_round(specs)
        names: set[str] = set()
        for spec in (spec for split in SPLITS for spec in specs[split]):
            if spec.name in names:
                raise UserError(f'{self.file}: workload "{spec.name}" appears twice; a seed belongs to one split')
            names.add(spec.name)
        if not specs["train"]:
            raise UserError(f"{self.file}: workloads.train is empty; for example: {_EXAMPLES['workloads.train']}")
        return {split: tuple(specs[split]) for split in SPLITS}

    def _specs(self, entry: Table, split: Split) -> list[WorkloadSpec]:
        family = entry.take("family", str)
        seeds = entry.take("seeds", list, None)
        files = entry.strings("files")
        optional = entry.take("optional", bool, False)
        parameters = entry.rest()
        if seeds is not None:
            if not all(isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 for seed in seeds):
                raise UserError(f"{self.file}: {entry.path('seeds')} must be whole numbers from 0")
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

    def _turn_round(self, specs: dict[Split, list[WorkloadSpec]]) -> None:
        published = [spec for split in SPLITS for spec in specs[split] if spec.family == "published"]
        if not published:
            missing = f" ({self.missing[0]} is missing)" if self.missing else ""
            raise UserError(f"{self.file}: this problem has no published workloads here{missing}")
        others = [spec for split in SPLITS for spec in specs[split] if spec.family != "published"]
        specs["train"] = [self._spec(s.name, s.family, "train", s.seed, dict(s.parameters)) for s in published]
        specs["validation"] = []
        specs["test"] = [self._spec(s.name, s.family, "test", s.seed, dict(s.parameters)) for s in others]

    def _stage(self, table: Table, train: tuple[WorkloadSpec, ...]) -> Stage:
        name, chosen = table.take("name", str), table.strings("workloads")
        seconds = table.take("decision_seconds", float, None)
        least = table.take("least_score", float, None)
        table.finish()
        self._check_stage_name(name, table)
        names = {spec.name for spec in train}
        kept = tuple(workload for workload in chosen if workload in names)
        known = {spec.name for spec in train} | set(self._declared_train())
        for workload in chosen:
            if workload not in known:
                raise UserError(f'{self.file}: stage "{name}": no train workload "{workload}"'
                                f"{did_you_mean(workload, names)}")  # fmt: skip
        return Stage(name, kept, seconds, least)

    def _check_stage_name(self, name: str, table: Table) -> None:
        if name in ("start", "screen", FULL, PARTIAL, REFUSED):
            raise UserError(f'{self.file}: {table.where} may not be called "{name}", which has a meaning already')

    def _shared_stage(self, table: Table) -> Stage:
        name = table.take("name", str)
        function = table.take("function", str, f"evaluate_{name}")
        seconds, least = table.take("decision_seconds", float, None), table.take("least_score", float, None)
        table.finish()
        self._check_stage_name(name, table)
        return Stage(name, ("evaluate",), seconds, least, function)

    def _declared_train(self) -> list[str]:
        """Names of `train` as written, which a turned-round problem does not have."""
        entries = self.root.data.get("workloads", {}).get("train", [])
        return [f"{entry.get('family')}-{seed}" for entry in entries for seed in entry.get("seeds", [])]

    def _baselines(self, table: Table) -> tuple[Baseline, ...]:
        trivial = self._baseline("trivial", table.take("trivial", str), table.path("trivial"))
        heuristics = [self._baseline("heuristic", name, "programs.heuristics") for name in table.strings("heuristics")]
        best = table.take("state-of-the-art", str, None)
        if best is None:
            return (trivial, *heuristics)
        return (trivial, *heuristics, self._baseline("state-of-the-art", best, table.path("state-of-the-art")))

    def _baseline(self, role: Role, text: str, where: str) -> Baseline:
        """A program's file, or `native:NAME` for an algorithm of the evaluator's own."""
        kind, _, native = text.partition(":")
        if kind == "native" and native:
            return Baseline(native, role, self.file, native)
        path = self._file(text, where)
        return Baseline(path.stem.replace("_", "-"), role, path)

    def _cheat(self, table: Table) -> Cheat:
        path = self._path(table, "file")
        verdicts = ("ok", "invalid", "error", "timeout", "memory", "killed", "rejected", "suspect")
        verdict = table.choice("verdict", verdicts, "invalid")
        rule = table.take("rule", str, "")
        table.finish()
        return Cheat(path.stem, path, verdict, rule)

    def _hint(self, table: Table) -> Hint:
        hint = Hint(table.take("level", int, 0), table.take("text", str))
        table.finish()
        return hint

    def _features(self, tables: list[Table]) -> tuple[Feature, ...]:
        features = tuple(self._feature(table) for table in tables)
        total = math.prod(feature.cells for feature in features)
        if total > _MOST_CELLS:
            raise UserError(f"{self.file}: features make a grid of {total} cells; at most {_MOST_CELLS} are of use")
        return features

    def _feature(self, table: Table) -> Feature:
        feature = Feature(
            table.take("metric", str), table.take("low", float), table.take("high", float), table.take("cells", int, 8)
        )
        table.finish()
        if not (math.isfinite(feature.low) and math.isfinite(feature.high) and feature.low < feature.high):
            raise UserError(f"{self.file}: {table.path('low')} must be below {table.path('high')}, and both finite")
        if feature.cells < 2:
            raise UserError(f"{self.file}: {table.path('cells')} must be at least 2, not {feature.cells}")
        return feature

    def _path(self, table: Table, key: str) -> Path:
        return self._file(table.take(key, str), table.path(key))

    def _file(self, name: str, where: str) -> Path:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder):
            raise UserError(f'{self.file}: {where} = "{name}" lies outside the problem\'s folder')
        if not path.is_file():
            raise UserError(f"{self.file}: {where}: {path} does not exist")
        return path
