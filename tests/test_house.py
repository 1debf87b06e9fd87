"""The package stays a house that one can hold in the head: who imports whom, how long files are, what is documented."""

import ast
import configparser
import inspect
import subprocess
import sys
from importlib import import_module, resources
from pathlib import Path

import pytest

import tinygrad_edu
import tinygrad_edu.data
from tinygrad_edu.commands import main

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tinygrad_edu"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [path.relative_to(PACKAGE).as_posix() for path in FILES]

# From the ground up.  A file imports from lines above its own.  A folder is one word here, and its files may import
# each other; the rooms of the engine stand on each other, so their files are listed one by one.
LAYERS = """
    errors engine format output web format.ascii context errors.equivalents
    graph engine.calling engine.frozen output.atomic_write numeric.norms numeric.equality
    format.locations engine.fast_rules
    format.text
    format.numbers errors.messages
    output.terminal
    output.progress
    engine.spelling errors.numpy_warnings
    engine.attributes engine.composing errors.operations errors.coerce
    engine.fast_calls engine.reachable engine.plain_values
    op engine.used_gradients engine.sparse_rows engine.recompute
    engine.plain_arrays
    engine.leaf_arrays
    ops
    sweep
    engine.unchosen engine.structure
    engine.array_api engine.argnums
    tensor
    engine.on_tensors engine.each_example
    derivatives errors.trace_nan numeric.mistakes numeric.differences
    engine.makers
    language
    numeric formulas stepping
    nn optim data tracing
    render
    findings
    console
    word2vec checker
    teaching
    __init__
    commands
    __main__
"""
LAYER = {module: number for number, line in enumerate(LAYERS.split("\n")) for module in line.split()}


CORE = ("graph", "op", "sweep", "tensor", "context")


def source(path):
    return path.read_text(encoding="utf-8")


def module_of(path):
    """The word in LAYERS that a file belongs to."""
    return place_of(path.relative_to(PACKAGE).with_suffix("").parts)


def place_of(parts):
    """The word in LAYERS for a dotted name: of a file that is listed by itself, or of its folder."""
    pair = ".".join(parts[:2])
    return pair if pair in LAYER else parts[0]


def imports(path):
    """The dotted names of all that a file imports, also in functions and for the type checker, made absolute."""
    for statement in ast.walk(ast.parse(source(path))):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            folder = path.relative_to(ROOT).parent.parts
            start = folder[: len(folder) - statement.level + 1] if statement.level else ()
            module = ".".join([*start, *([statement.module] if statement.module else [])])
            yield from (f"{module}.{alias.name}" for alias in statement.names)


def modules_imported(path):
    """The words in LAYERS that a file imports from."""
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == PACKAGE.name:
            parts = rest.split(".")
            found = (PACKAGE / parts[0]).is_dir() or (PACKAGE / f"{parts[0]}.py").exists()
            yield place_of(parts) if found else "__init__"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_module_imports_only_what_is_below_it(path):
    module = module_of(path)
    assert module in LAYER, f"{module} has no place in LAYERS yet: say what it stands on"
    for other in modules_imported(path):
        assert other in LAYER, f"{other} has no place in LAYERS yet: say what it stands on"
        assert LAYER[other] < LAYER[module] or other == module != "__init__", f"{module} imports {other}"


def files_imported(path):
    """The files of the package that a file imports."""
    for name in imports(path):
        parts = name.split(".")
        for tried in (parts, parts[:-1]):  # a module, or a name in one
            file = ROOT.joinpath(*tried)
            found = [f for f in (file.with_suffix(".py"), file / "__init__.py") if f.is_file()] if tried else []
            if found and found[0] != path:
                yield found[0]
                break


def test_no_files_import_each_other_in_a_circle():
    arrows = {path: set(files_imported(path)) for path in FILES}
    while True:  # a file is in no circle if it imports none of those that are left, or none of them imports it
        imported = set().union(*arrows.values())
        left = {path: others & arrows.keys() for path, others in arrows.items() if others & arrows.keys()}
        left = {path: others for path, others in left.items() if path in imported}
        if left == arrows:
            break
        arrows = left
    assert not arrows, [f"{a.name} imports {', '.join(b.name for b in others)}" for a, others in arrows.items()]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_nothing_imports_the_command_or_what_is_outside_the_package(path):
    assert module_of(path) in ("__main__", "commands") or "commands" not in modules_imported(path)
    outside = {"lessons", "tests", "bench", "viz"} & {name.partition(".")[0] for name in imports(path)}
    assert not outside


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_word2vec_is_an_application_that_only_its_command_knows(path):
    """It is built on the engine as a user would build it: on names that the package and its rooms have in public."""
    room = module_of(path)
    if room not in ("word2vec", "commands"):
        assert "word2vec" not in modules_imported(path)
    if room == "word2vec":
        rooms = {module.partition(".")[0] for module in modules_imported(path)}
        assert rooms <= {"word2vec", "nn", "ops", "optim", "tensor", "render", "format", "output"}


@pytest.mark.parametrize("name", main.COMMANDS)
def test_a_command_is_a_file_with_its_name_its_help_its_options_and_what_it_does(name):
    module = main.COMMANDS[name]
    assert module.__name__ == f"tinygrad_edu.commands.{name}" and module.NAME == name
    assert module.HELP == module.HELP.strip() and not module.HELP.endswith(".") and "\n" not in module.HELP
    assert callable(module.add_arguments) and callable(module.run)


def test_every_file_of_the_commands_is_one_or_serves_them():
    files = {path.stem for path in (PACKAGE / "commands").glob("*.py")}
    assert files == {*main.COMMANDS} | {"__init__", "main", "run_script", "shared"}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_terminals_are_known_in_one_place(path):
    """Whether there is one, how wide it is and which colours it has: other modules ask output/."""
    if module_of(path) not in ("output.terminal", "output.progress"):
        words = source(path)
        assert not [word for word in ("isatty", "NO_COLOR", "\\x1b[") if word in words]
        assert "get_terminal_size().columns" not in words


def lines(path):
    return source(path).count("\n")


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_is_one_idea_and_no_idea_takes_more_than_800_lines(path):
    assert lines(path) <= 800


def test_what_one_reads_to_understand_backpropagation_is_short():
    core = {name: lines(PACKAGE / f"{name}.py") for name in CORE}
    assert sum(core.values()) <= 551, core
    wide = [line for name in CORE for line in source(PACKAGE / f"{name}.py").splitlines() if len(line) > 100]
    assert not wide


# A docstring stands where it says something: for each module and class, for each function that one does not read at a
# glance, and for all that a user imports.  A class's own docstring is that of its ``__init__`` too.

LONG = 8  # lines of code of a function that one reads at a glance
UNDOCUMENTED = {"checker": 1, "language": 6}  # so many lack one: it may only fall


def code_lines(function):
    """The number of lines of a function's body, without its docstring, comments and empty lines."""
    body = ast.unparse(function.body[1:] if ast.get_docstring(function) else function.body)
    return len(body.splitlines())


def undocumented(tree):
    """The names of a module's classes, and of its functions of more than eight lines, that lack a docstring."""
    for node in ast.walk(tree):
        long = isinstance(node, ast.FunctionDef) and code_lines(node) > LONG
        initial = isinstance(node, ast.FunctionDef) and node.name in ("__init__", "__post_init__")
        if (isinstance(node, ast.ClassDef) or (long and not initial)) and not ast.get_docstring(node):
            yield node.name


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_module_has_a_docstring(path):
    assert ast.get_docstring(ast.parse(source(path)))


@pytest.mark.parametrize("room", sorted({name.split("/")[0].removesuffix(".py") for name in NAMES}))
def test_classes_and_long_functions_have_docstrings(room):
    paths = [path for path in FILES if path.relative_to(PACKAGE).parts[0].removesuffix(".py") == room]
    found = [f"{path.name}: {name}" for path in paths for name in undocumented(ast.parse(source(path)))]
    known = UNDOCUMENTED.get(room, 0)
    assert len(found) <= known, f"{found} have no docstring"
    assert len(found) == known, f"write {len(found)} for {room} in UNDOCUMENTED"


def test_a_missing_docstring_is_found():
    body = "\n".join(f"    x{i} = {i}  # a comment" for i in range(9))
    assert [*undocumented(ast.parse(f"def f():\n{body}"))] == ["f"]
    assert [*undocumented(ast.parse("class C:\n    pass"))] == ["C"]
    for documented in (f'def f():\n    "It has words."\n{body}', f"def __init__():\n{body}", "def f():\n    x = 1"):
        assert not list(undocumented(ast.parse(documented)))


@pytest.mark.parametrize("room", ["", ".nn", ".optim", ".data", ".teaching", ".word2vec"])
def test_all_that_a_user_imports_has_a_docstring(room):
    module = import_module(f"{PACKAGE.name}{room}")
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    found = {name: getattr(module, name) for name in names}
    ours = {n: x for n, x in found.items() if callable(x) and getattr(x, "__module__", "").startswith(PACKAGE.name)}
    for name, kind in [*ours.items()]:
        if isinstance(kind, type):
            methods = {m: getattr(kind, m) for m in vars(kind) if not m.startswith("_") and callable(getattr(kind, m))}
            # An operation that a test has declared is a method of Tensors too.
            ours |= {f"{name}.{m}": x for m, x in methods.items() if x.__module__.startswith(PACKAGE.name)}
    assert ours and not [name for name, x in ours.items() if not inspect.getdoc(x)]


def test_importing_the_engine_loads_numpy_and_nothing_else():
    program = "import sys; before = set(sys.modules); import tinygrad_edu; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    foreign = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"numpy", PACKAGE.name}
    assert not {name for name in foreign if "cython" not in name}  # names that NumPy's compiled modules leave behind
    assert not {f"tinygrad_edu.{name}" for name in ("data", "commands", "numeric", "render")} & set(loaded)


# An operation says what it is, in the attributes of its statement (engine/attributes.py): no other file lists names.

# These files still do, so often.  The numbers may only fall.
LISTS = {
    # The language, its printers and its readers, and the checker.
    "checker/answer.py": 1,
    "checker/declaring.py": 1,
    "checker/diagnoses/by_chain.py": 1,
    "checker/diagnoses/by_function.py": 1,
    "checker/diagnoses/by_edit.py": 2,
    "checker/diagnoses/by_value.py": 2,
    "checker/diagnoses/edit_factors.py": 5,
    "checker/diagnoses/edit_functions.py": 4,
    "checker/diagnoses/edit_names.py": 2,
    "checker/diagnoses/edits.py": 3,
    "checker/diagnoses/graph_edits.py": 2,
    "checker/judge.py": 1,
    "checker/record_to_tree.py": 2,
    "checker/sides.py": 2,
    "checker/size_literals.py": 3,
    "checker/print_handin.py": 1,
    "checker/symbolic_call.py": 2,
    "formulas/asked.py": 1,
    "formulas/matrix.py": 1,
    "formulas/reader.py": 3,
    "formulas/verified.py": 4,
    "language/applications.py": 1,
    "language/computing.py": 4,
    "language/identity.py": 2,
    "language/kinds.py": 2,
    "language/latex.py": 2,
    "language/lines.py": 3,
    "language/numpy_source.py": 3,
    "language/reader.py": 3,
    "language/values.py": 1,
    "language/vocabulary.py": 1,
    "language/writing.py": 3,
    # Names that are not those of operations: roles of colours, and what a console expression may call of NumPy.
    "render/heat.py": 1,
    "stepping/expressions.py": 2,
}
OPERATIONS = {n for n, op in tinygrad_edu.OPS.items() if op.function.__module__.startswith(PACKAGE.name)}


def words_in(node):
    """The words of a tuple, a list, a set, the keys of a dict, or a text that is a list of words."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        items = node.elts
    elif isinstance(node, ast.Dict):
        items = node.keys
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.split()
    else:
        return []
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def lists_of_operations(tree):
    """The lines with a list of words of which two or more, and at least half, are names of operations."""
    for node in ast.walk(tree):
        words = words_in(node)
        names = OPERATIONS.intersection(words)
        if len(names) >= 2 and 2 * len(names) >= len(words):
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_file_lists_operations_by_name(path):
    name = path.relative_to(PACKAGE).as_posix()
    if not name.startswith("ops/"):
        found = sorted(lists_of_operations(ast.parse(source(path))))
        known = LISTS.get(name, 0)
        assert len(found) <= known, f"lines {found}: ask each operation by an attribute of its statement instead"
        assert len(found) == known, f"write {len(found)} for {name} in LISTS"


def test_a_list_of_operations_is_found():
    for text in (
        '("sum", "mean")',
        '{"log": 0, "exp": 1, "other": 2}',
        '"tanh sigmoid".split()',
        '["exp", "x", "log"]',
    ):
        assert list(lists_of_operations(ast.parse(text))) == [1]
    for text in ('("sum", "of")', '{"log": 0, "a": 1, "b": 2}', '"take the log or the exp of it"', "(sum, max)"):
        assert not list(lists_of_operations(ast.parse(text)))


# What is installed.

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")


def test_all_folders_with_modules_are_packaged():
    folders = {".".join(path.relative_to(ROOT).parent.parts) for path in PACKAGE.rglob("__init__.py")}
    assert set(SETUP["options"]["packages"].split()) == folders
    assert {".".join(path.relative_to(ROOT).parent.parts) for path in FILES} == folders, "a folder lacks __init__.py"


def test_all_other_files_are_packaged():
    others = {p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc", ".pyo")}
    patterns = [(package, n) for package, names in SETUP["options.package_data"].items() for n in names.split()]
    found = {pattern: {*ROOT.joinpath(*pattern[0].split(".")).glob(pattern[1])} for pattern in patterns}
    assert all(found.values()), "a pattern that fits no file"
    assert set().union(*found.values()) == set(others)
    assert {"py.typed", "digits.npz", "player.js", "en.json", "reasons.json"} <= {p.name for p in others}
    assert (resources.files(tinygrad_edu.data) / "digits.npz").is_file()


def test_the_version_is_the_newest_in_the_changelog():
    newest = next(line for line in source(ROOT / "CHANGELOG.md").splitlines() if line.startswith("## "))
    assert newest.split()[1] == tinygrad_edu.__version__


def test_networks_are_there_after_the_package_is_imported():
    program = "import tinygrad_edu as tg; print(tg.nn.Linear.__name__, tg.optim.SGD.__name__, tg.data.digits.__name__)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["Linear", "SGD", "digits"]
