"""A rule as C99: a state structure, `reset` and `decide`, the same frame for doubles and for fixed point.

Nothing is allocated, no globals are written, nothing recurs. Only the reducers that the rule uses are kept.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from adrs.distill.export import hysteresis
from adrs.distill.export.outline import described, heading, in_leaves, terminals, used, variable
from adrs.distill.export.syntax import Syntax
from adrs.rule.form import Leaf, Node, Rule, Split

_SCANNED = {"minimum": "<", "maximum": ">"}
_SCAN = """static {type} {name}(const {type} *ring)
{{
    {type} found = ring[0];
    for (int place = 1; place < {window}; place++)
        if (ring[place] {sign} found)
            found = ring[place];
    return found;
}}
"""


@dataclass(frozen=True)
class Dialect(ABC):
    """Numbers of one kind in C."""

    what: str
    """In words."""
    outside: str
    """What becomes of features outside of their ranges, in a sentence."""
    prefix: str
    """Of all names with external linkage; also the name of the files."""
    type: str
    include: str
    syntax: Syntax
    fields: Mapping[str, tuple[str, ...]]
    """What `mean` and `slope` keep of a feature."""

    @abstractmethod
    def helpers(self, rule: Rule) -> list[str]:
        """Static functions and tables that the rule's operations need."""

    @abstractmethod
    def entered(self, rule: Rule, feature: int, raw: str) -> str:
        """A raw feature as it enters the history."""

    @abstractmethod
    def rest(self, rule: Rule, feature: int) -> str:
        """What the history of a feature holds before the first interval."""

    @abstractmethod
    def resting_sum(self, rule: Rule, feature: int) -> str:
        """The sum of a history at rest."""

    @abstractmethod
    def pushed(self, rule: Rule, sums: bool, slope: bool) -> list[str]:
        """Statements that let `value` in for `oldest`, before `position` moves on."""

    @abstractmethod
    def wrapped(self, slope: bool) -> list[str]:
        """Statements for when the newest place of the ring has been its last."""

    @abstractmethod
    def mean(self, rule: Rule, kept: str) -> str:
        """The mean out of what is kept."""

    @abstractmethod
    def slope(self, rule: Rule, kept: str) -> str:
        """The slope out of what is kept."""


def header(rule: Rule, dialect: Dialect) -> str:
    """The header: features with units and definitions, the state, and two functions."""
    prefix, guard = dialect.prefix, f"{dialect.prefix.upper()}_H"
    first, *rest = heading(rule, f"header of {prefix}.c, {dialect.what}")
    names = [f"    {guard[:-2]}_FEATURE_{feature.identifier.upper()}," for feature in rule.inputs.features]
    lines = [f"/* {first} */", *(f"/* {line} */" for line in rest), f"#ifndef {guard}", f"#define {guard}", ""]
    lines += [dialect.include, ""] if dialect.include else []
    lines += ["/* What the host measures each interval; answers are proven for these ranges.", f"   {dialect.outside}"]
    lines += [f"   {described(feature)}" for feature in rule.inputs.features]
    lines[-1] += " */"
    lines += ["enum {", *names, f"    {guard[:-2]}_FEATURES", "};", ""]
    lines += _state(rule, dialect)
    lines += ["", f"void {prefix}_reset({prefix}_state *state);", "",
              f"/* The answer at the end of an interval: {rule.inputs.low!r} to {rule.inputs.high!r}"
              f"{', times 65536' if dialect.type != 'double' else ''}. */",
              f"{_signature(dialect)};", "", "#endif"]  # fmt: skip
    return "\n".join(lines) + "\n"


def source(rule: Rule, dialect: Dialect) -> str:
    """The implementation."""
    first, *rest = heading(rule, f"C99, {dialect.what}")
    lines = [f"/* {first} */", *(f"/* {line} */" for line in rest), f'#include "{dialect.prefix}.h"']
    blocks = ["\n".join(lines), *dialect.helpers(rule), *_scans(rule, dialect)]
    if rule.splits:
        blocks.append(hysteresis.function(rule.patience, dialect.prefix))
    blocks += [_push(rule, dialect, feature) for feature in used(rule) if _kept(rule, feature)]
    blocks += [_reset(rule, dialect), _decide(rule, dialect)]
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _kept(rule: Rule, feature: int) -> tuple[str, ...]:
    """Reducers of a feature that need more than the newest interval."""
    return tuple(reducer for reducer in used(rule).get(feature, ()) if reducer != "last")


def _ringed(rule: Rule) -> bool:
    return any(set(_kept(rule, feature)) - {"previous"} for feature in used(rule))


def _member(rule: Rule, feature: int) -> str:
    """In the state. The word before the identifier keeps it from being one of C's."""
    return f"feature_{rule.inputs.features[feature].identifier}"


def _state(rule: Rule, dialect: Dialect) -> list[str]:
    prefix, kind = dialect.prefix, dialect.type
    lines = []
    if rule.splits:
        kept = (f"    int {field};" for field in hysteresis.start(rule.patience))
        lines += ["typedef struct {", *kept, f"}} {prefix}_branch;", ""]
    members = []
    for feature in used(rule):
        fields = _fields(rule, dialect, feature)
        if fields:
            members += ["    struct {", *(f"        {kind} {field};" for field in fields),
                        f"    }} {_member(rule, feature)};"]  # fmt: skip
    members += ["    int position;"] if _ringed(rule) else []
    members += [f"    {prefix}_branch branches[{len(rule.splits)}];"] if rule.splits else []
    return [*lines, "typedef struct {", *(members or ["    char nothing;"]), f"}} {prefix}_state;"]


def _fields(rule: Rule, dialect: Dialect, feature: int) -> list[str]:
    kept = _kept(rule, feature)
    fields = ["last"] if "previous" in kept else []
    fields += [f"ring[{rule.inputs.window}]"] if set(kept) - {"previous"} else []
    return fields + list(dict.fromkeys(field for reducer in kept for field in dialect.fields.get(reducer, ())))


def _scans(rule: Rule, dialect: Dialect) -> list[str]:
    reducers = {terminal.reducer for terminal in terminals(rule)}
    return [
        _SCAN.format(type=dialect.type, name=name, window=rule.inputs.window, sign=sign)
        for name, sign in _SCANNED.items()
        if name in reducers
    ]


def _push(rule: Rule, dialect: Dialect, feature: int) -> str:
    kept, name = _kept(rule, feature), rule.inputs.features[feature].identifier
    sums, slope = bool({"mean", "slope"} & set(kept)), "slope" in kept
    lines = [f"static void push_{name}({dialect.prefix}_state *state, {dialect.type} value)", "{"]
    if set(kept) - {"previous"}:
        if sums:
            lines.append(f"    const {dialect.type} oldest = state->{_member(rule, feature)}.ring[state->position];")
        lines.append(f"    state->{_member(rule, feature)}.ring[state->position] = value;")
    lines += [f"    {line.replace('KEPT', f'state->{_member(rule, feature)}')}"
              for line in (dialect.pushed(rule, sums, slope) if sums else [])]  # fmt: skip
    lines += [f"    state->{_member(rule, feature)}.last = value;"] if "previous" in kept else []
    return "\n".join([*lines, "}"])


def _reset(rule: Rule, dialect: Dialect) -> str:
    lines = [f"void {dialect.prefix}_reset({dialect.prefix}_state *state)", "{"]
    window = rule.inputs.window
    for feature in used(rule):
        member, rest = f"state->{_member(rule, feature)}", dialect.rest(rule, feature)
        for field in _fields(rule, dialect, feature):
            if field.startswith("ring"):
                lines += ["    /* volatile, so that this does not become a call of memset */",
                          f"    for (volatile int place = 0; place < {window}; place++)",
                          f"        {member}.ring[place] = {rest};"]  # fmt: skip
            else:
                start = {"last": rest, "sum": dialect.resting_sum(rule, feature)}.get(field, "0")
                lines.append(f"    {member}.{field} = {start};")
    lines += ["    state->position = 0;"] if _ringed(rule) else []
    for place in range(len(rule.splits)):
        lines += [f"    state->branches[{place}].{field} = {number};"
                  for field, number in hysteresis.start(rule.patience).items()]  # fmt: skip
    return "\n".join([*lines, *(["    (void)state;"] if len(lines) == 2 else []), "}"])


def _signature(dialect: Dialect) -> str:
    prefix, kind = dialect.prefix, dialect.type
    return f"{kind} {prefix}_decide({prefix}_state *state, const {kind} features[{prefix.upper()}_FEATURES])"


def _decide(rule: Rule, dialect: Dialect) -> str:
    lines, found, kind = [_signature(dialect), "{"], used(rule), dialect.type
    for feature, reducers in found.items():
        identifier = rule.inputs.features[feature].identifier
        raw = f"features[{dialect.prefix.upper()}_FEATURE_{identifier.upper()}]"
        lines.append(f"    const {kind} {identifier}_last = {dialect.entered(rule, feature, raw)};")
        if "previous" in reducers:
            lines.append(f"    const {kind} {identifier}_previous = state->{_member(rule, feature)}.last;")
        if _kept(rule, feature):
            lines.append(f"    push_{identifier}(state, {identifier}_last);")
    lines += _moved_on(rule, dialect) if _ringed(rule) else []
    for terminal in terminals(rule):
        if terminal.reducer not in ("last", "previous") and (terminal.reducer != "mean" or terminal in in_leaves(rule)):
            reduced = _reduced(rule, dialect, terminal.feature, terminal.reducer)
            lines.append(f"    const {kind} {variable(rule.inputs, terminal)} = {reduced};")
    lines += [f"    watch(&state->branches[{place}], {_test(rule, dialect, split)});"
              for place, split in enumerate(rule.splits)]  # fmt: skip
    lines += [f"    {kind} value;"] * bool(rule.splits)
    lines += _node(rule.root, rule, dialect, 1)
    low, high = dialect.syntax.constant(rule.inputs.low), dialect.syntax.constant(rule.inputs.high)
    lines += [] if found else ["    (void)features;"]
    lines += [] if rule.splits or any(_kept(rule, feature) for feature in found) else ["    (void)state;"]
    return "\n".join([*lines, f"    return value < {low} ? {low} : value > {high} ? {high} : value;", "}"])


def _moved_on(rule: Rule, dialect: Dialect) -> list[str]:
    """The ring's place, and what is mended each time it wraps."""
    lines = [f"    if (state->position == {rule.inputs.window - 1}) {{", "        state->position = 0;"]
    for feature in used(rule):
        kept = _kept(rule, feature)
        mended = dialect.wrapped("slope" in kept) if {"mean", "slope"} & set(kept) else []
        lines += [f"        {line.replace('KEPT', f'state->{_member(rule, feature)}')}" for line in mended]
    return [*lines, "    } else {", "        state->position++;", "    }"]


def _test(rule: Rule, dialect: Dialect, split: Split) -> str:
    """Whether a branch sees the interval above. A mean is not divided: its sum has a threshold of its own."""
    if split.terminal.reducer == "mean":
        threshold = dialect.syntax.constant(split.threshold * rule.inputs.window)
        return f"state->{_member(rule, split.terminal.feature)}.sum > {threshold}"
    return f"{variable(rule.inputs, split.terminal)} > {dialect.syntax.constant(split.threshold)}"


def _reduced(rule: Rule, dialect: Dialect, feature: int, reducer: str) -> str:
    kept = f"state->{_member(rule, feature)}"
    if reducer in _SCANNED:
        return f"{reducer}({kept}.ring)"
    return dialect.mean(rule, kept) if reducer == "mean" else dialect.slope(rule, kept)


def _node(node: Node, rule: Rule, dialect: Dialect, level: int) -> list[str]:
    indent = "    " * level
    if isinstance(node, Leaf):
        steps, text = dialect.syntax.steps(node.expression, rule.inputs)
        declared = [f"{indent}const {dialect.type} {name} = {step};" for name, step in steps]
        answer = "value" if rule.splits else f"const {dialect.type} value"
        return [*declared, f"{indent}{answer} = {text};"]
    place = next(place for place, split in enumerate(rule.splits) if split is node)
    return [f"{indent}if (state->branches[{place}].above) {{", *_node(node.above, rule, dialect, level + 1),
            f"{indent}}} else {{", *_node(node.below, rule, dialect, level + 1), f"{indent}}}"]  # fmt: skip
