"""Reads `problem.toml`, strictly: an unknown key, a missing field or a wrong type is one clear sentence.

A problem is a folder. Everything the engine, a proposer or a person must know about it stands in this one file;
the evaluator that it names is trusted code, the programs that it lists are not.
"""

import tomllib
from pathlib import Path
from typing import Any

from adrs import openevolve, resources, strict_toml
from adrs.baselines import baseline_name
from adrs.comparisons import read_comparisons
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import WorkloadSpec
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
    Stage,
    Trust,
)
from adrs.problem_tables.distillation import read_distillation
from adrs.problem_tables.features import read_features
from adrs.problem_tables.interface import read_functions
from adrs.problem_tables.limits import OF_SHARED, read_limits
from adrs.problem_tables.programs import file_of, read_baselines, read_blocks, read_cheats
from adrs.problem_tables.stages import read_shared_stage, read_stage
from adrs.problem_tables.workloads import declared_train, read_workloads
from adrs.strict_toml import Table

__all__ = ["FILE", "Baseline", "Cheat", "Decision", "Feature", "Hint", "Limits", "Objective", "Problem", "Stage",
           "Trust", "load", "shipped"]  # fmt: skip


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
        return _problem(folder, tomllib.loads(generated), workloads, generated)
    return _problem(folder, strict_toml.read(folder / FILE), workloads)


def _find(name_or_path: str) -> Path:
    path = Path(name_or_path)
    try:
        return _found(name_or_path, path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _found(name_or_path: str, path: Path) -> Path:
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
        what = "is a file" if path.exists() else "does not exist"
        raise UserError(f"{path} {what}; give a problem's folder, or one of: {', '.join(shipped())}")
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


def _problem(folder: Path, data: dict[str, Any], mode: str, generated: str | None = None) -> Problem:
    """Turn the tables of one file into a Problem. generated: its text, where the folder lacks the file."""
    root = Table("", data, folder / FILE, _EXAMPLES)
    if root.table("evaluator", {}).choice("trust", ("line", "shared"), "line") == "shared":
        return _shared(root, folder, mode, generated)
    title, source = root.take("title", str), root.take("source", str, "")
    decide = _decision(root.table("decide"))
    policy = root.table("policy")
    shape = policy.choice("shape", ("solve", "decide"))
    functions = read_functions(policy.table("functions"))
    if not functions:
        raise UserError(f"{root.file}: policy.functions is empty; add {_EXAMPLES['policy.functions']}")
    policy.finish()
    objective = _objective(root.table("objective"))
    evaluator = root.table("evaluator")
    evaluator.take("trust", str, "line")
    evaluator_class = _named(evaluator, "class", "Class", evaluator.take("class", str))
    parameters = evaluator.take("parameters", dict, {})
    scorer = evaluator.take("scorer", str, "")
    scorer = scorer and _named(evaluator, "scorer", "function", scorer)
    evaluator.finish()
    limits = read_limits(root.table("limits", {}), Limits())
    data_sums = _data(root.table("data", {}))
    workloads = root.table("workloads")
    splits, missing = read_workloads(workloads, folder, mode)
    declared = declared_train(workloads)
    stages = tuple(read_stage(table, splits["train"], declared) for table in root.tables("stages"))
    programs = root.table("programs")
    seed = file_of(programs, "seed", folder)
    baselines = read_baselines(programs, folder)
    cheats = read_cheats(programs, folder)
    blocks = read_blocks(programs, folder)
    programs.finish()
    if objective.least_span > 0 and baselines[-1].role != "state-of-the-art":
        raise UserError(f"{root.file}: objective.least_span needs a baseline programs.state-of-the-art")
    hints = _hints(root)
    features = read_features(root)
    distillation, choosing = read_distillation(root.table("distill", {}), functions)
    comparisons = read_comparisons(root.tables("comparisons"), folder.name, baselines)
    root.finish()
    return Problem(
        name=folder.name, folder=folder, title=title, source=source, decide=decide, shape=shape,
        functions=functions, objective=objective, evaluator=evaluator_class, evaluator_parameters=parameters,
        limits=limits, mode=mode, workloads=splits, missing=missing, data=data_sums, stages=stages,
        seed=seed, baselines=baselines, cheats=cheats, blocks=blocks, hints=hints, features=features, scorer=scorer,
        distillation=distillation, choosing=choosing, comparisons=comparisons,
    )  # fmt: skip


def _shared(root: Table, folder: Path, mode: str, generated: str | None) -> Problem:
    """A problem whose evaluator imports the program itself."""
    if mode != "standard":
        raise UserError(f"{root.file}: this problem has no published workloads")
    title, source = root.take("title", str), root.take("source", str, "")
    decide = _decision(root.table("decide"))
    language = root.take("language", str, "python").lower()
    objective = root.table("objective", {})
    noisy, margin = objective.take("noisy", bool, True), objective.take("margin", float, 0.0)
    objective.finish()
    evaluator = root.table("evaluator")
    evaluator.take("trust", str)
    file, function = file_of(evaluator, "file", folder), evaluator.take("function", str, "evaluate")
    parameters = {"not_in_mean": list(evaluator.strings("not_in_mean"))}
    evaluator.finish()
    limits = read_limits(root.table("limits", {}), OF_SHARED)
    stages = tuple(read_shared_stage(table) for table in root.tables("stages"))
    programs = root.table("programs")
    seed = file_of(programs, "seed", folder)
    cheats = read_cheats(programs, folder)
    programs.finish()
    hints = _hints(root)
    features = read_features(root)
    root.finish()
    metric = openevolve.METRIC
    workload = WorkloadSpec(folder.name, "evaluate", "evaluate", "train", None, {})
    return Problem(
        name=folder.name, folder=folder, title=title, source=source, decide=decide, shape="solve",
        functions={}, objective=Objective(metric, "maximize", metric, noisy=noisy, margin=margin),
        evaluator=f"{file.relative_to(folder)}:{function}", evaluator_parameters=parameters, limits=limits,
        mode=mode, workloads={"train": (workload,), "validation": (), "test": ()}, missing=(), data={},
        stages=stages, seed=seed, baselines=(Baseline(baseline_name(seed.name), "trivial", seed),),
        cheats=cheats, blocks=(), hints=hints, features=features, trust="shared", language=language,
        generated=generated,
    )  # fmt: skip


def _decision(table: Table) -> Decision:
    what, why = table.take("what", str), table.take("why", str, "")
    decision = Decision(what, why, table.strings("rules"), table.strings("pitfalls"))
    table.finish()
    return decision


def _objective(table: Table) -> Objective:
    metric = table.take("metric", str)
    objective = Objective(
        metric=metric,
        direction=table.choice("direction", ("minimize", "maximize")),
        workload_metric=table.take("workload_metric", str, metric),
        unit=table.take("unit", str, ""),
        noisy=table.take("noisy", bool, False),
        margin=table.take("margin", float, 0.0),
        least_span=table.take("least_span", float, 0.0),
        metrics=_metrics(table.table("metrics", {})),
    )
    table.finish()
    return objective


def _metrics(table: Table) -> dict[str, str]:
    return {name: table.take(name, str) for name in table.data}


def _named(table: Table, key: str, what: str, value: str) -> str:
    """`module:Class` or `module:function`, as it is."""
    if value.count(":") != 1:
        raise UserError(f'{table.file}: {table.path(key)} must read "module:{what}", not "{value}"')
    return value


def _data(table: Table) -> dict[str, str]:
    sums = {name: table.take(name, str) for name in table.data}
    for name, value in sums.items():
        if len(value) != 64 or set(value) - set("0123456789abcdef"):
            raise UserError(f'{table.file}: {table.path(name)} must be a SHA-256 in hexadecimal, not "{value}"')
    return sums


def _hints(root: Table) -> tuple[Hint, ...]:
    return tuple(_hint(table) for table in root.tables("hints"))


def _hint(table: Table) -> Hint:
    hint = Hint(table.take("level", int, 0), table.take("text", str))
    table.finish()
    return hint
