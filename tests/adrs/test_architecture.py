"""Dependencies point one way, without circles, and the engine never imports what it judges."""

import ast
from pathlib import Path

import adrs

ROOT = Path(adrs.__file__).parent

LAYERS = [
    {"__main__", "cli", "web"},
    {"api", "mcp_server"},
    {"agent", "compare"},
    {"report", "plots", "export", "emulate"},
    {"session", "check", "assess", "diagnosis", "lineage", "distill", "scaffold", "router"},
    {"timetable", "outcome", "run_settings", "folders", "named_program", "starting", "advice", "kept"},
    {"forecast"},
    {"run", "choose"},
    {"development"},
    {"parts"},
    {"steering", "observer"},
    {"calibrate", "breaker", "budget", "optimistic"},
    {"search", "propose", "evaluate", "store"},
    {"sandbox", "llm"},
    {
        "problem",
        "problem_records",
        "baselines",
        "problem_tables",
        "comparisons",
        "rule",
        "source",
        "normal_form",
        "interface",
        "program",
        "evaluation",
        "fresh",
        "paired",
        "phases",
        "score",
        "resources",
        "baseline_cache",
        "cache_entries",
        "evaluator_digest",
        "file_digest",
        "folder_files",
        "plugins",
        "cores",
        "errors",
        "threads",
        "interrupts",
        "settings",
        "strict_toml",
        "text",
        "ticks",
        "told",
        "versions",
        "toml_text",
        "evolve_blocks",
        "openevolve",
        "prompt_folder",
        "openevolve_config",
        "openevolve_secrets",
        "",
    },
]


def layer(module: str) -> int:
    part = module.split(".")[1] if "." in module else ""
    found = [number for number, names in enumerate(LAYERS) if part in names]
    assert found, f"{module} is in no layer; say where it belongs"
    return found[0]


class _Executed(ast.NodeTransformer):
    """Leaves out what type checkers alone read."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        self.generic_visit(node)
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def imports() -> dict[str, set[str]]:
    """For each module of the engine, the modules of the engine that it imports, also inside functions."""
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        parts = ("adrs", *path.relative_to(ROOT).with_suffix("").parts)
        if "template" in parts or "testing" in parts or "_shipped" in parts:
            continue
        name = ".".join(parts).removesuffix(".__init__")
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found[name] = set()
        for node in ast.walk(_Executed().visit(ast.parse(path.read_text()))):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                    base = ".".join([*parent, *([node.module] if node.module else [])])
                found[name] |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    known = set(found)
    return {name: {each for each in targets if each in known and each != name} for name, targets in found.items()}


def test_layers_point_down() -> None:
    for name, targets in imports().items():
        for target in targets:
            assert layer(name) <= layer(target), f"{name} imports {target}, which is above it"


def test_there_are_no_circles() -> None:
    graph = imports()
    for name in graph:  # a package is imported by its modules, which is no circle of ours
        graph[name] = {target for target in graph[name] if not name.startswith(target + ".")}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in done:
            return
        for target in graph[name]:
            visit(target, (*path, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def test_the_engine_imports_neither_evaluators_nor_helpers() -> None:
    for path in ROOT.rglob("*.py"):
        if "template" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] in ("evaluators", "adrs_helpers", "problems") for name in names), path
