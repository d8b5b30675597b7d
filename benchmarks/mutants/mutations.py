"""The faults: a module's source with one thing changed."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any", "least": "greatest"}
OPPOSITES |= {"greatest": "least", "minimum": "maximum", "maximum": "minimum", "asc": "desc"}
OPPOSITES |= {"desc": "asc", "floor": "ceil", "ceil": "floor"}
DROPPED = frozenset(
    {
        "filter",
        "where",
        "distinct",
        "dropDuplicates",
        "orderBy",
        "sort",
        "sort_by",
        "limit",
        "strip",
        "lower",
        "casefold",
        "unique",
        "dropna",
        "fillna",
    }
)
SORTERS = frozenset({"key", "reverse"})
# Functions of which the order of two arguments changes nothing.
SYMMETRIC = frozenset(
    {"min", "max", "minimum", "maximum", "least", "greatest", "intersect1d", "union1d", "array_equal"}
)
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
KERNELS = frozenset({"compiled", "vectorize", "njit", "jit", "guvectorize"})
TELLING = frozenset({"log", "logging", "warnings", "progress", "console"})


@dataclass(frozen=True)
class Mutant:
    """A module with one fault: lines ``first`` to ``last`` read ``was`` in ``source`` before it."""

    path: str
    first: int
    last: int
    fault: str
    was: str
    becomes: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Path, the lines before and the lines after: what names it when lines above have moved."""
        return self.path, self.was.strip(), self.becomes.strip()


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Return all mutants of a module in the order of their places, each text once."""
    tree = ast.parse(source)
    finder = _Finder(_names(tree))
    finder.visit(tree)
    mutants = [_mutant(path, source.encode(), *edit) for edit in finder.edits]
    once = {mutant.source: mutant for mutant in mutants if mutant.source != source}
    return sorted(once.values(), key=lambda mutant: (mutant.first, mutant.fault, mutant.becomes))


def _mutant(path: str, source: bytes, node: ast.expr | ast.stmt, text: str, fault: str) -> Mutant:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    first, last = node.lineno, node.end_lineno or node.lineno
    begin, end = starts[first - 1] + node.col_offset, starts[last - 1] + (node.end_col_offset or 0)
    changed = source[:begin] + text.encode() + source[end:]
    until = starts[last] + len(changed) - len(source)
    was, becomes = source[starts[first - 1] : starts[last]], changed[starts[first - 1] : until]
    return Mutant(path, first, last, fault, was.decode(), becomes.decode(), changed.decode())


def _names(tree: ast.AST) -> list[str]:
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return sorted(text for text in texts if NAME.match(text))


@dataclass
class _Finder(ast.NodeVisitor):
    """Collects (node, text to put in its place, name of the fault)."""

    names: list[str]
    edits: list[tuple[ast.expr | ast.stmt, str, str]] = field(default_factory=list)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if {_last_name(decorator) for decorator in node.decorator_list} & KERNELS:
            return
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self._visit_all(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(node.body)

    def visit_Assign(self, node: ast.Assign) -> None:
        targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if any(name.startswith("__") for name in targets):
            return
        if any(isinstance(n, ast.Name) and n.id in targets for n in ast.walk(node.value)):
            self._add(node, "pass", "statement removed")
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._add(node, "pass", "statement removed")
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call) and _first_name(node.value) not in TELLING:
            self._add(node, "pass", "statement removed")
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._add(node, "pass", "error not raised")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._add(node, "pass", "statement removed")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Python 3.11 does not tell where the parts of an f-string are."""

    def visit_If(self, node: ast.If | ast.While | ast.IfExp) -> None:
        if not isinstance(node.test, ast.Compare | ast.UnaryOp | ast.BoolOp):
            self._add(node.test, f"(not {ast.unparse(node.test)})", "condition negated")
        self.generic_visit(node)

    visit_While = visit_IfExp = visit_If  # noqa: N815

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for condition in node.ifs:
            self._add(condition, "True", "filter dropped")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, operator in enumerate(node.ops):
            ops = [*node.ops]
            ops[place] = COMPARISONS[type(operator)]()
            self._add(node, ast.unparse(ast.Compare(node.left, ops, node.comparators)), "comparison")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._add(node, f"({ast.unparse(ast.BoolOp(other, node.values))})", "and for or")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not | ast.Invert):
            self._add(node, f"({ast.unparse(node.operand)})", "negation dropped")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in OPERATORS and not _is_text(node.left) and not _is_text(node.right):
            other = ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
            self._add(node, f"({ast.unparse(other)})", "operator")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if _first_name(node) in TELLING:
            return
        name = _last_name(node)
        if name in DROPPED and isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
            self._add(node, ast.unparse(node.func.value), f"{name} dropped")
        if name in ("sorted", "reversed") and node.args:
            self._add(node, f"list({ast.unparse(node.args[0])})", f"{name} dropped")
        self._opposite(node)
        self._other_arguments(node)
        if name == "zip":  # strict is an assertion: what it guards against does not happen
            node = ast.Call(node.func, node.args, [])
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._add(node, str(not value), "constant")
        elif isinstance(value, int):
            self._add(node, str(value + 1), "constant")
        elif isinstance(value, float):
            self._add(node, repr(value * 2 or 1.0), "constant")
        elif isinstance(value, str) and value in self.names and len(self.names) > 1:
            other = self.names[(self.names.index(value) + 1) % len(self.names)]
            self._add(node, f'"{other}"', "another name")

    def _opposite(self, node: ast.Call) -> None:
        name = _last_name(node)
        if name in OPPOSITES:
            swapped = ast.unparse(node.func).removesuffix(name) + OPPOSITES[name]
            self._add(node.func, swapped, f"{OPPOSITES[name]} for {name}")

    def _other_arguments(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg in SORTERS:
                others = [other for other in node.keywords if other is not keyword]
                without = ast.unparse(ast.Call(node.func, node.args, others))
                self._add(node, without, f"{keyword.arg} dropped")
        first, second, *rest = (*node.args, None, None)[: max(len(node.args), 2)]
        if first is None or second is None or any(isinstance(a, ast.Starred) for a in node.args):
            return
        if _last_name(node) in SYMMETRIC:
            return
        if ast.dump(first) != ast.dump(second) and not isinstance(first, ast.Constant):
            call = ast.Call(node.func, [second, first, *rest], node.keywords)
            self._add(node, ast.unparse(call), "arguments swapped")

    def _visit_all(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def _add(self, node: ast.expr | ast.stmt, text: str, fault: str) -> None:
        self.edits.append((node, text, fault))


def _last_name(node: ast.AST) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _first_name(node: ast.AST) -> str:
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", "")


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("F", "np", "pc", "pa", "ds", "pd", "sp", "os")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def as_diffs(mutants: list[Mutant]) -> Iterator[str]:
    """Give each mutant as its place, its fault, and the lines before and after."""
    for mutant in mutants:
        lines = _marked("-", mutant.was) + _marked("+", mutant.becomes)
        yield f"{mutant.path}:{mutant.first}: {mutant.fault}\n{lines}"


def _marked(sign: str, text: str) -> str:
    return "".join(f"  {sign} {line}\n" for line in text.rstrip("\n").split("\n"))
