"""Routes that answer with JSON: what charts and the tree are drawn from."""

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adrs import lineage
from adrs.lineage import Contender, Node, Tree
from adrs.lineage.cloud import cloud
from adrs.store import Reader
from adrs.text import change, metric
from adrs.web import text
from adrs.web.site import Site

_PAGE = 50
"""Children at a time."""


def routes(site: Site) -> list[Route]:
    """All of them."""
    found: dict[str, Callable[[Reader, Request], Any]] = {
        "/runs/{run}/curve.json": _curve,
        "/runs/{run}/tree.json": _tree,
        "/runs/{run}/cloud.json": _cloud,
        "/runs/{run}/programs/{number:program}/children.json": _children,
    }

    def answering(question: Callable[[Reader, Request], Any]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            with site.open(request) as reader:
                return JSONResponse(lineage.plain(question(reader, request)))

        return answer

    controls = Route("/runs/{run}/control.json", lambda request: _control(site, request))
    return [controls, *(Route(path, answering(question)) for path, question in found.items())]


def _curve(reader: Reader, request: Request) -> dict[str, Any]:
    """Best so far: as scores where there is a scale, else the metric itself."""
    curve, standing = lineage.curve(reader), lineage.standing(reader)
    objective = standing.objective
    scaled = any(point.score is not None for point in curve.points)

    def value(point: lineage.Point) -> float | None:
        return point.score if scaled else objective.fitness(point.fitness)

    baselines = [_line(each, scaled) for each in standing.contenders if each.role not in ("seed", "winner")]
    points = [[each.program, each.evaluations, each.seconds, each.usd, value(each)] for each in curve.points]
    return {
        "run": reader.folder.name, "label": "score on train" if scaled else f"{_native(objective)} on train",
        "points": points,
        "evaluations": curve.evaluations, "seconds": curve.seconds, "usd": curve.usd,
        "baselines": [line for line in baselines if line["value"] is not None],
    }  # fmt: skip


def _native(objective: lineage.Declared) -> str:
    """The metric, with its unit."""
    return f"{objective.metric} in {objective.unit}" if objective.unit else objective.metric


def _line(contender: Contender, scaled: bool) -> dict[str, Any]:
    measured = contender.measured.get("train")
    value = None if measured is None else measured.score if scaled else measured.value
    return {"name": contender.name, "role": contender.role, "value": value}


def _control(site: Site, request: Request) -> Response:
    """The curve of best-of-n on the same problem, where there is such a run; else null."""
    with site.open(request) as reader:
        found = lineage.controls(reader, site.runs_dir)
    if not found:
        return JSONResponse(None)
    with Reader(found[-1]) as reader:
        return JSONResponse(lineage.plain(_curve(reader, request)))


def _tree(reader: Reader, request: Request) -> dict[str, Any]:
    """What improved, the winner, and their ancestors."""
    found = lineage.tree(reader)
    return {
        **_nodes(found), "programs": found.programs, "winner": found.winner, "leading": text.leading(reader),
        "folded_roots": found.folded_roots,
    }  # fmt: skip


def _cloud(reader: Reader, request: Request) -> dict[str, Any]:
    """Number and value of the programs that worked, or of some of them."""
    dots = cloud(reader)
    scaled, objective = any(dot.score is not None for dot in dots), lineage.declared(reader)
    return {
        "x": [dot.program for dot in dots], "y": [dot.fitness if dot.score is None else dot.score for dot in dots],
        "label": "score" if scaled else f"{'-' * (objective.direction == 'minimize')}{_native(objective)}",
    }  # fmt: skip


def _children(reader: Reader, request: Request) -> dict[str, Any]:
    """Some children of a program."""
    offset = request.query_params.get("offset", "0")
    if not offset.isascii() or not offset.isdecimal() or len(offset) > 12:
        raise HTTPException(400, "offset must be a whole number from 0")
    return _nodes(lineage.children(reader, request.path_params["number"], int(offset), _PAGE))


def _nodes(tree: Tree) -> dict[str, Any]:
    return {"nodes": [_node(node) for node in tree.nodes], "page": _PAGE}


def _node(node: Node) -> dict[str, Any]:
    program = node.program
    scored = program.score is not None and program.verdict != "rejected"  # a duplicate's score is its original's
    value = program.score if scored else program.fitness
    return {
        "id": program.id, "parent": program.parent, "value": value,
        "shown": text.score(program.score) if scored else metric(program.fitness),
        "gain": node.gain, "gained": change(node.gain), "improved": node.improved, "folded": node.folded,
        "hidden": node.hidden_children, "verdict": program.verdict, "operator": text.line(program.operator, 40),
        "who": text.line(program.model or program.proposer, 40),
        "what": text.line(program.rationale or program.reason, 160),
    }  # fmt: skip
