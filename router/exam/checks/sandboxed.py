"""The program in the sandbox: reads a job from standard input, locks itself in, runs the code, writes what came of it.

Run by file name from `sandbox`, which says what the lock holds and what it does not; never imported there, and it
imports nothing of this package, since it runs in isolated mode.
"""

import ast
import builtins
import contextlib
import importlib
import os
import resource
import sqlite3
import sys
from collections.abc import Callable
from io import StringIO
from types import FunctionType, SimpleNamespace
from typing import Any

WHOLE_MODULES = (
    "bisect",
    "cmath",
    "collections",
    "collections.abc",
    "datetime",
    "decimal",
    "fractions",
    "heapq",
    "itertools",
    "math",
    "operator",
    "random",
    "re",
    "statistics",
    "string",
    "textwrap",
    "unicodedata",
)
"""Modules whose public names the code may import, but for `DANGEROUS`."""

DANGEROUS = frozenset(["Formatter", "SystemRandom", "attrgetter", "methodcaller"])
"""Names in `WHOLE_MODULES` that reach attributes by names made at run time, or the system."""

PARTS = {
    "__future__": "annotations",
    "_strptime": "",  # datetime.strptime imports it
    "abc": "ABC abstractmethod",
    "calendar": "isleap leapdays monthrange weekday day_name day_abbr month_name month_abbr",
    "copy": "copy deepcopy",
    "dataclasses": "dataclass field asdict astuple",
    "functools": "cache cmp_to_key lru_cache partial reduce total_ordering",
    "json": "dumps loads JSONDecodeError",
    "sys": "maxsize",
    "time": "monotonic perf_counter sleep time",
    "typing": "Any Callable ClassVar Counter DefaultDict Deque Dict Final FrozenSet Generator Generic Iterable "
    "Iterator List Literal Mapping MutableMapping MutableSequence NamedTuple Optional Sequence Set Tuple Type TypeVar "
    "Union",
}
"""Modules of which the code may import only these names: others there run strings or look up attributes."""

FUNCTIONS = (
    "abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate filter float "
    "format frozenset hash hex id int isinstance issubclass iter len list map max min next object oct ord pow print "
    "property range repr reversed round set slice sorted staticmethod str sum super tuple zip Ellipsis NotImplemented "
    "__build_class__"
)
"""Built-in names of the code; exceptions and those that `names_of_the_code` guards come on top."""

ORDINARY = (
    "__abs__ __add__ __and__ __bool__ __call__ __contains__ __delitem__ __doc__ __enter__ __eq__ __exit__ __float__ "
    "__floordiv__ __ge__ __getitem__ __gt__ __hash__ __iadd__ __init__ __int__ __iter__ __le__ __len__ __lt__ "
    "__missing__ __mod__ __mul__ __name__ __ne__ __neg__ __next__ __or__ __post_init__ __pow__ __radd__ __repr__ "
    "__reversed__ __rmul__ __setitem__ __slots__ __str__ __sub__ __truediv__ __future__ _ __"
)
"""Names between underscores that lead nowhere."""

INSIDE = ("ag_", "co_", "cr_", "f_back", "f_builtins", "f_code", "f_globals", "f_locals", "f_trace", "gi_", "tb_")
"""How attributes of frames, code, generators and tracebacks begin."""

MODULE_NAMES = (
    "_builtins",
    "_io",
    "_os",
    "_sys",
    "_thread",
    "builtins",
    "importlib",
    "modules",
    "obj",
    "os",
    "posix",
    "sys",
)
"""Attributes that may be a module of the system; `obj` is what an AttributeError was raised for."""

HOLLOW = (
    "_imp",
    "_io",
    "_signal",
    "_thread",
    "importlib",
    "io",
    "os",
    "posix",
    "resource",
    "signal",
    "sqlite3",
    "_sqlite3",
)
"""Modules that are emptied and forgotten before the code runs."""

WITHOUT = (
    "_clear_type_cache _current_exceptions _current_frames _getframe _getframemodulename addaudithook call_tracing "
    "monitoring setprofile setswitchinterval settrace __stdout__ __stderr__ __stdin__"
)
"""What `sys` loses before the code runs; `collections.namedtuple` does without the frame of its caller."""

LIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_CPU": 2,
    "RLIMIT_FSIZE": 1 << 15,
    "RLIMIT_AS": 256 << 20,
    "RLIMIT_NPROC": 0,
    "RLIMIT_NOFILE": 0,
}

NOBODY = 65534
NEW_USER_NAMESPACE = 0x10000000
NEW_NETWORK_NAMESPACE = 0x40000000
MOST_PRINTED = 1000
MOST_BYTES = 20_000


def lock() -> None:
    """Give up, one after the other, the user root, the network and the kernel's resources, for good.

    Raises
    ------
    OSError
        If root cannot be given up: limits do not bind root, so nothing may run then.
    """
    if 0 in (os.getuid(), os.geteuid()):
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    unshare = getattr(os, "unshare", None)  # since Python 3.12, on Linux
    if unshare:
        with contextlib.suppress(OSError):
            unshare(NEW_USER_NAMESPACE | NEW_NETWORK_NAMESPACE)
    os.close(0)
    sys.stdin = None
    for name, limit in LIMITS.items():
        with contextlib.suppress(AttributeError, OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (limit, limit))


def refuse_what_is_audited() -> None:
    """Refuse every audited action from now on but a few harmless ones.

    The events are a constant of the hook's code, and it looks up no name outside of itself: whoever gets hold of its
    frame, or replaces a built-in, changes nothing.
    """

    def refuse(event: str, _: tuple[object, ...], error: type = PermissionError, no_module: type = ImportError) -> None:
        if event in {
            "array.__new__",
            "builtins.id",
            "compile",
            "exec",
            "object.__delattr__",
            "object.__getattr__",
            "object.__setattr__",
            "sys.excepthook",
            "sys.unraisablehook",
            "time.sleep",
        }:
            return
        if event == "import":
            raise no_module("not allowed in the exam")
        raise error("not allowed in the exam")

    sys.addaudithook(refuse)


def disarm() -> None:
    """Take from the process what the code must not have even if it gets at the interpreter's own modules."""
    refuse_what_is_audited()
    for name in WITHOUT.split():
        vars(sys).pop(name, None)
    for name in ("open", "input", "breakpoint"):
        vars(builtins).pop(name, None)
    for name in HOLLOW:
        module = sys.modules.pop(name, None)
        if module is not None:
            vars(module).clear()


def hidden(name: str) -> bool:
    """Whether a name stands between underscores, as the ways into the interpreter do."""
    return name.startswith("_") and name.endswith("_") and name not in ORDINARY.split()


def refused_attribute(name: str) -> bool:
    """Whether an attribute may lead out of the code: into frames, functions' globals or modules."""
    return hidden(name) or name.startswith(INSIDE) or name in MODULE_NAMES


def refused_format(node: ast.Attribute) -> bool:
    """Whether this is `format` of anything but a string literal without attributes: fields can look up any of them."""
    if node.attr not in ("format", "format_map"):
        return False
    text = node.value.value if isinstance(node.value, ast.Constant) else None
    return not isinstance(text, str) or "._" in text or any(f".{name}" in text for name in (*INSIDE, *MODULE_NAMES))


def refused_node(node: ast.AST) -> bool:
    """Whether one part of the code's syntax tree is not allowed."""
    if isinstance(node, ast.Constant):
        return False
    if isinstance(node, ast.MatchClass) and (node.patterns or node.kwd_attrs):
        return True  # its parts are attributes, and the class may say which
    if isinstance(node, ast.Attribute):
        return refused_attribute(node.attr) or refused_format(node)
    fields = [value for _, value in ast.iter_fields(node)]
    parts = [part for value in fields for part in (value if isinstance(value, list) else [value])]
    return any(isinstance(part, str) and hidden(part) for part in parts)


def refused(code: str) -> bool:
    """Whether `code` does not parse, or has a part that is not allowed."""
    try:
        return any(refused_node(node) for node in ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return True


def importable() -> dict[str, SimpleNamespace]:
    """What the code gets for each module that it may import: an object with the module's harmless public names."""
    modules = {}
    for name in (*WHOLE_MODULES, *PARTS):
        module = importlib.import_module(name)
        names = PARTS[name].split() if name in PARTS else getattr(module, "__all__", dir(module))
        modules[name] = SimpleNamespace(
            **{
                each: getattr(module, each)
                for each in names
                if hasattr(module, each)
                and each not in DANGEROUS
                and not each.startswith("_")
                and not isinstance(getattr(module, each), type(sys))
            }
        )
    modules["collections"].abc = modules["collections.abc"]
    modules["functools"].wraps = lambda _: lambda wrapper: wrapper  # the real one reads any attribute
    return modules


def names_of_the_code(modules: dict[str, SimpleNamespace]) -> dict[str, Any]:
    """The built-in names that the code has."""

    def import_module(
        name: str, _globals: object = None, _locals: object = None, wanted: object = (), level: int = 0
    ) -> SimpleNamespace:
        if level or name not in modules:
            raise ImportError(f"{name} is not allowed in the exam")
        return modules[name if wanted else name.partition(".")[0]]

    def get(thing: object, name: str, *default: object) -> object:
        if type(name) is not str or refused_attribute(name) or name in ("format", "format_map"):
            raise AttributeError("not allowed in the exam")
        return getattr(thing, name, *default)

    def has(thing: object, name: str) -> bool:
        return get(thing, name, modules) is not modules

    def kind(thing: object) -> type:
        if isinstance(thing, type):  # the kind of a class makes classes with any attributes
            raise TypeError("not allowed in the exam")
        return type(thing)

    errors = {name: value for name, value in vars(builtins).items() if isinstance(value, type(Exception))}
    names = {name: value for name, value in errors.items() if issubclass(value, BaseException)}
    names |= {name: getattr(builtins, name) for name in FUNCTIONS.split()}
    return names | {"__import__": import_module, "getattr": get, "hasattr": has, "type": kind}


def plain(value: object) -> Any:
    """`value` in Python's plain kinds, so that `ast.literal_eval` reads what `repr` writes."""
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if value - value == 0 else str(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple | range):
        return [plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return {plain(part) for part in value}
    if isinstance(value, dict):
        return {plain(key): plain(part) for key, part in value.items()}
    return f"{type(value).__name__} {value}"


def outcome(call: Callable[[], object]) -> tuple[str, Any]:
    """``("returned", value)`` or ``("raised", name of the exception)``."""
    try:
        value = plain(call())
        if len(ascii(value)) > MOST_BYTES // 2:
            return "raised", "OverflowError"
    except BaseException as exc:
        return "raised", type(exc).__name__
    return "returned", value


def wanted_function(names: dict[str, Any], name: str | None) -> Callable[..., object] | None:
    """The function called `name`, or else the last one that the code defined."""
    if name and callable(names.get(name)):
        return names[name]  # type: ignore[no-any-return]
    own = [value for value in names.values() if isinstance(value, FunctionType) and value.__module__ == "answer"]
    return own[-1] if own else None


def run_code(
    code: str, name: str | None, calls: list[list[Any]], builtin_names: dict[str, Any]
) -> dict[str, Any] | None:
    """Run `code` and make the calls. An error outside of functions counts only if no function was defined before it."""
    names: dict[str, Any] = {"__name__": "answer", "__builtins__": builtin_names}
    printed = StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(StringIO()):
        ended = outcome(lambda: exec(compile(code, "answer", "exec"), names))
        function = wanted_function(names, name)
        if function is None if calls else ended[0] == "raised":
            return None
        results = [outcome(lambda call=call: function(*call)) for call in calls]  # type: ignore[misc]
    return {"results": results, "printed": printed.getvalue()[:MOST_PRINTED]}


def reads_only(action: int, *_: object) -> int:
    """SQLite's authorizer: nothing but reading, since ATTACH opens files without an audit event."""
    reading = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in reading else sqlite3.SQLITE_DENY


def run_sql(script: str, query: str) -> dict[str, Any] | None:
    """The rows that `query` finds in what `script` sets up."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    connection.set_authorizer(reads_only)
    lock()
    try:
        return {"rows": [plain(row) for row in connection.execute(query).fetchmany(1000)]}
    except (sqlite3.Error, sqlite3.Warning, MemoryError):
        return None


def main() -> None:
    """Do the job on standard input."""
    job = ast.literal_eval(sys.stdin.read())
    token, write, leave = job["token"], os.write, os._exit
    if "query" in job:
        told = run_sql(job["script"], job["query"])
    else:
        builtin_names = names_of_the_code(importable())
        lock()
        if refused(job["code"]):
            leave(0)
        disarm()
        told = run_code(job["code"], job["name"], job["calls"], builtin_names)
    said = ascii(told)
    if told is not None and len(said) <= MOST_BYTES:
        write(1, f"{token}{said}".encode())
    leave(0)


if __name__ == "__main__":
    main()
