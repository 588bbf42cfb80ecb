"""Where the programs of a tree stand in a drawing: generations from left to right, branches one below another."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adrs.lineage import Node
from adrs.text import metric, number, printable

_COLUMN, _ROW, _MARGIN, _RADIUS = 26.0, 15.0, 12.0, 4.5
_WIDEST = 1100.0


@dataclass(frozen=True, slots=True)
class Place:
    """A program in the drawing: its generation, and its row from above."""

    node: Node
    generation: int
    row: int


def places(nodes: Sequence[Node], first: Sequence[int]) -> list[Place]:
    """Places of the nodes, parents before children; the line `first`, say the winner's, stays in the top row."""
    straight = set(first)
    below: dict[int | None, list[Node]] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node)
    for siblings in below.values():
        siblings.sort(key=lambda node: node.program.id not in straight)
    made: list[Place] = []
    row = -1
    stack = [(node, 0, True) for node in reversed(below.get(None, []))]
    while stack:
        node, generation, new_row = stack.pop()
        row += new_row
        made.append(Place(node, generation, row))
        children = below.get(node.program.id, [])
        stack += [(child, generation + 1, place > 0) for place, child in reversed(list(enumerate(children)))]
    return made


def drawing(nodes: Sequence[Node], line: Sequence[int], winner: int | None) -> Markup:
    """An SVG element: a dot for each program, with a link to its entry, and the winner's line in bold."""
    placed = {place.node.program.id: place for place in places(nodes, line)}
    if not placed:
        return Markup("")
    deepest = max(place.generation for place in placed.values())
    column = min(_COLUMN, (_WIDEST - 2 * _MARGIN) / max(deepest, 1))
    width = 2 * _MARGIN + column * deepest
    height = 2 * _MARGIN + _ROW * max(place.row for place in placed.values())

    def at(place: Place) -> tuple[float, float]:
        return _MARGIN + column * place.generation, _MARGIN + _ROW * place.row

    straight = set(line)
    edges, dots = [], []
    for place in placed.values():
        x, y = at(place)
        node = place.node
        bold = "line" if node.program.id in straight else "branch"
        if node.parent is not None:
            px, py = at(placed[node.parent])
            edges.append(Markup('<path class="{}" d="M{:.1f} {:.1f}V{:.1f}H{:.1f}"/>').format(bold, px, py, y, x))
        kind = "winner" if node.program.id == winner else bold
        score = number(node.program.score) if node.program.score is not None else metric(node.program.fitness)
        dots.append(Markup('<a href="#p{0}"><circle class="{1}" cx="{2:.1f}" cy="{3:.1f}" r="{4}"><title>{5}</title>'
                           "</circle></a>").format(
            node.program.id, kind, x, y, _RADIUS + 2 if kind == "winner" else _RADIUS,
            printable(f"program {node.program.id}, score {score}, {node.program.operator}")))  # fmt: skip
    return Markup('<svg viewBox="0 0 {0:.0f} {1:.0f}" style="width:{0:.0f}px" role="img" aria-label="tree of programs"'
                  ' class="tree">{2}{3}</svg>').format(
        width, height, Markup("").join(edges), Markup("").join(dots))  # fmt: skip
