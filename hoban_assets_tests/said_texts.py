"""Every text that the package says to its user, found in the source: sentences and errors."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import hoban_assets

PACKAGE = Path(hoban_assets.__file__).parent
ALONE = ("workers/", "handoff/on_server/")
"""Scripts that run elsewhere, without the translations."""
SAID_AT = {"say": 0, "said": 0, "tell": 0, "progress_bar": 0, "Finding": 1, "table": 1}
"""Calls whose argument of this position is said: a text, or a dictionary of texts."""
RAISED = frozenset({"HobanError", "Refused", "Failure", "_bad_row", "_refuse"})
"""What is called with words that a user reads as an error."""
SAID_IN_TEMPLATES = re.compile(r"""say\(\s*(["'])(.+?)\1""")
FILLED = "<1>"
"""Stands in a text for what is filled in."""
Held = dict[str, list[ast.expr]]


def said() -> dict[str, str]:
    """Every sentence that is said, and the file it stands in."""
    texts = {}
    for file in PACKAGE.rglob("*.j2"):
        found = SAID_IN_TEMPLATES.findall(file.read_text(encoding="utf-8"))
        texts |= {text: file.name for _, text in found}
    for file, name in modules():
        for call in calls_in(file):
            called = getattr(call.func, "id", "")
            if called == "many":  # many(n, "image", say) says '{n} images'
                words = [a.value for a in call.args if isinstance(a, ast.Constant)]
                texts |= {f"{{n}} {str(w).replace('box', 'boxe')}s": name for w in words}
            for heading in headings_in(call, called, held_in(file)):
                texts[heading] = name
            at = SAID_AT.get(called, len(call.args))
            is_said = at == 0 or called == "Finding" or "say" in map(ast.unparse, call.args)
            if is_said and at < len(call.args):
                texts |= dict.fromkeys(texts_of(call.args[at], held_in(file)), name)
    return {text: file for text, file in texts.items() if FILLED not in text}


def raised() -> dict[str, str]:
    """Every error that can be made, FILLED where values stand, and the file it stands in."""
    return {
        text: name
        for file, name in modules()
        if not name.startswith("viewer/")  # its page says them itself
        for call in calls_in(file)
        if (getattr(call.func, "id", "") or getattr(call.func, "attr", "")) in RAISED
        for argument in call.args
        for text in texts_of(argument, held_in(file))
    }


def logged() -> dict[str, str]:
    """Every line that a build may log, FILLED where values stand, and the file it stands in."""
    return {
        re.sub(r"%[sd]", FILLED, text): file.name
        for file in sorted(PACKAGE.rglob("*.py"))
        for call in calls_in(file)
        if call.args and _logs(ast.unparse(call.func), file)
        for text in texts_of(call.args[0], held_in(file))
    }


def _logs(called: str, file: Path) -> bool:
    owner, _, name = called.rpartition(".")
    is_of_a_worker = file.is_relative_to(PACKAGE / "workers") and called == "say"
    is_logger = "log" in owner and name in ("info", "warning")
    return is_of_a_worker or is_logger or called in ("log", "out.say")


def modules() -> Iterator[tuple[Path, str]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        if not (name := file.relative_to(PACKAGE).as_posix()).startswith(ALONE):
            yield file, name


@functools.cache
def calls_in(file: Path) -> list[ast.Call]:
    return [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)]


@functools.cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@functools.cache
def held_in(file: Path) -> Held:
    """What names stand for in a module, those that it imports from the package included."""
    held: Held = {}
    for node in ast.walk(tree_of(file)):
        for name, value in assigned(node):
            held.setdefault(name, []).append(value)
        if isinstance(node, ast.FunctionDef) and node.name != "said":
            answers = (n.value for n in ast.walk(node) if isinstance(n, ast.Return))
            held.setdefault(node.name, []).extend(
                a for a in answers if isinstance(a, ast.Dict | ast.ListComp)
            )
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("hoban_assets."):
            place = PACKAGE.joinpath(*str(node.module).split(".")[1:]).with_suffix(".py")
            for each in node.names if place.is_file() else ():
                if each.name.isupper():
                    held.setdefault(each.asname or each.name, []).extend(
                        held_in(place).get(each.name, ())
                    )
    return held


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what they are bound to: by `=`, or by a loop over a tuple that is written out."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case (
            ast.AnnAssign(target=ast.Name(id=name), value=ast.Dict() as value)
            | ast.AugAssign(target=ast.Name(id=name), value=ast.Dict() as value)
        ):
            yield name, value
        case ast.For(target=ast.Tuple(elts=names), iter=ast.Tuple(elts=rows)):
            for row in rows:
                for name, value in zip(names, getattr(row, "elts", ()), strict=False):
                    yield getattr(name, "id", ""), value


def texts_of(node: ast.expr, held: Held) -> Iterator[str]:
    """Texts that an expression can make."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            texts = [""]
            for part in parts:
                whole = part.value if isinstance(part, ast.FormattedValue) else part
                ends = list(texts_of(whole, held)) if is_known(whole, held) else [FILLED]
                texts = [text + end for text in texts for end in ends]
            yield from texts
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from (a + b for a in texts_of(left, held) for b in texts_of(right, held))
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts_of(one, held), *texts_of(other, held))
        case ast.Dict(values=values):
            for value in values:
                yield from texts_of(value, held)
        case (
            ast.Subscript(value=ast.Name() as whole)
            | ast.Call(func=ast.Attribute(value=ast.Name() as whole, attr="get"))
        ):
            yield from texts_of(whole, held)
        case ast.Name(id=name) if name in held:
            for value in held[name]:
                if name not in {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}:
                    yield from texts_of(value, held)
        case _:
            yield FILLED


def headings_in(call: ast.Call, called: str, held: Held) -> Iterator[str]:
    """Headings of the table that a call makes: of `listing`, or keys of rows written out."""
    if called == "listing":
        yield from headings_of(call.args[1], held)
    elif called == "show" or (called == "table" and "None" in map(ast.unparse, call.args[1:2])):
        yield from headings_of(call.args[0], held)


def headings_of(columns: ast.expr, held: Held) -> Iterator[str]:
    """Keys of a dictionary and of those that are part of it, or of rows, one dictionary each."""
    match columns:
        case ast.List(elts=rows):
            for row in rows:
                yield from headings_of(row, held)
        case ast.ListComp(elt=row) | ast.GeneratorExp(elt=row) | ast.Starred(value=row):
            yield from headings_of(row, held)
        case ast.Call(
            func=ast.Name(id="sorted" | "list" | "without_empty_columns"), args=[rows, *_]
        ):
            yield from headings_of(rows, held)
        case ast.Call(func=ast.Name(id=name)):
            for row in held.get(name, ()):
                yield from headings_of(row, held)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is None:
                    yield from headings_of(value, held)
                elif isinstance(key, ast.Constant):
                    yield str(key.value)
        case ast.Name(id=name):
            for value in held.get(name, ()):
                yield from headings_of(value, held)


def is_known(node: ast.expr, held: Held) -> bool:
    """Whether all that an expression stands for is a text."""
    texts = ast.Constant | ast.IfExp | ast.JoinedStr
    return all(isinstance(each, texts) for each in held.get(getattr(node, "id", ""), [node]))
