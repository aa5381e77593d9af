"""Reads the statements that register coverage points out of generated C++, and leaves them out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.storage import storing
from llm4cov_engine.coverage.layout import Layout, Record, lay_out, record
from llm4cov_engine.digest import digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STRING: Final = r'"((?:[^"\\\n]|\\.)*)"'
_COUNTER: Final = r"&\(vlSymsp->__Vcoverage\[(\d+)\]\)"
_PLACE: Final = rf"first, {_STRING}, (\d+), (\d+), {_STRING}, {_STRING}, {_STRING}"
_CALL: Final = "->__vlCover"
# A function that registers, or one of its statements: of one point, of both edges of all bits of a signal.
_STATEMENTS: Final = re.compile(
    r"^VL_ATTR_COLD void \w+\((\w+)\* vlSelf, bool first\) \{$"
    rf"|^ *vlSelf->__vlCoverInsert\({_COUNTER}, {_PLACE}, {', '.join([_STRING] * 5)}\);\n"
    rf"|^ *vlSelf->__vlCoverToggleInsert\((-?\d+), (-?\d+), ([01]), {_COUNTER}, {_PLACE}\);\n",
    re.MULTILINE,
)
_DEFINED: Final = "::__vlCover"
_DEFINITION: Final = re.compile(
    r"^void \w+::__vlCover(?:Toggle)?Insert\([^)]*\) \{\n.*?^\}\n", re.MULTILINE | re.DOTALL
)
_SIZE: Final = re.compile(r"^ *uint32_t __Vcoverage\[(\d+)\];$", re.MULTILINE)
_MEMBER: Final = re.compile(r"^ *(\w+) +(TOP\w*);$", re.MULTILINE)
_NAME: Final = re.compile(rf"^ *(TOP\w*)\.ctor\(this, {_STRING}\);$", re.MULTILINE)
_CONFIGURE: Final = re.compile(r"\b(TOP\w*)\.__Vconfigure\((true|false)\);")
_ESCAPE: Final = re.compile(rb'\\(?:([0-7]{1,3})|([nrtabfv"\\?\'])|(.))')
_ESCAPED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}

_NEVER: Final = -1
"""Counter of the points of an instance whose hits are counted for another one's."""


class UnexpectedTextError(ValueError):
    """The generated C++ is not what it is expected to be; the message says where."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What the generated C++ registers.

    Attributes:
        size: how many counters there are.
        instances: per class of a module its instances: path ("" for the top) and whether they count.
        statements: the text of all statements, function by function.
    """

    size: int
    instances: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]
    statements: str

    @property
    def digest(self) -> str:
        """Identity of what it says, whatever text it was read from."""
        return digest((str(self.size), repr(self.instances), self.statements))

    def layout(self, *, top: str, instance: str, testbench: str) -> Layout:
        """The points of the DUT; see `lay_out`.

        `counts` of `Layout.coverage` are the counters and, after them, a zero.

        Raises:
            UnexpectedTextError: a statement means nothing.
            NoCoverageError: there are no points of the DUT.
        """
        return _layout(self, top, instance, testbench)


def read(model: Path, prefix: str) -> Registration | None:
    """Read what a generated model registers, None for nothing; the text stays as it is.

    Args:
        model: folder of the generated C++.
        prefix: the name of the model's class, with which all file names begin.

    Raises:
        UnexpectedTextError: it is not as expected.
        StorageError: a file cannot be read.
    """
    with storing(model):
        header = (model / f"{prefix}__Syms.h").read_text("utf-8", "surrogateescape")
        tables = "".join(
            path.read_text("utf-8", "surrogateescape") for path in sorted(model.glob(f"{prefix}__Syms*.cpp"))
        )
        texts = [text for _, text in _registering(model, prefix)]
    if not texts:
        return None
    sizes = _SIZE.findall(header)
    if len(sizes) != 1:
        raise UnexpectedTextError("there is no array of counters, or several")
    found: list[str] = []
    for text in texts:
        pieces = [match.group() for match in _STATEMENTS.finditer(text)]
        if sum(_CALL in piece for piece in pieces) != text.count(_CALL):
            raise UnexpectedTextError("a statement of an unknown form registers a point")
        found += pieces
    return Registration(int(sizes[0]), _instances(header, tables), "\n".join(found))


def remove(model: Path, prefix: str) -> None:
    """Leave out of the generated C++ what `read` has read.

    Raises:
        StorageError: a file cannot be written.
    """
    with storing(model):
        for path, text in _registering(model, prefix):
            kept = _STATEMENTS.sub(lambda match: match.group() if match.group(1) else "", text)
            path.write_text(kept, "utf-8", "surrogateescape")
        # Nobody calls what they called; it takes a seventh of the time that a small model needs to compile.
        for path in model.glob(f"{prefix}*.cpp"):
            text = path.read_text("utf-8", "surrogateescape")
            if _DEFINED in text:
                path.write_text(_DEFINITION.sub("", text), "utf-8", "surrogateescape")


def _registering(model: Path, prefix: str) -> Iterator[tuple[Path, str]]:
    """Files that register points, with their texts."""
    for path in sorted(model.glob(f"{prefix}*.cpp")):
        text = path.read_text("utf-8", "surrogateescape")
        if _CALL in text:
            yield path, text


def _instances(header: str, tables: str) -> tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]:
    """Per class its instances, from the declarations and the constructor of the symbol table."""
    classes = {member: name for name, member in _MEMBER.findall(header)}
    paths = {"TOP": "", **{member: _unescaped(name) for member, name in _NAME.findall(tables)}}
    configured = {member: word == "true" for member, word in _CONFIGURE.findall(tables)}
    if not classes.keys() == paths.keys() == configured.keys():
        raise UnexpectedTextError("the table of instances is not complete")
    found: dict[str, list[tuple[str, bool]]] = {}
    for member, name in classes.items():
        found.setdefault(name, []).append((paths[member], configured[member]))
    if any(sum(counts for _, counts in instances) != 1 for instances in found.values()):
        raise UnexpectedTextError("a module counts for none or several of its instances")
    return tuple((name, tuple(instances)) for name, instances in found.items())


@lru_cache(maxsize=4)
def _layout(registration: Registration, top: str, instance: str, testbench: str) -> Layout:
    return lay_out(_records(registration), top=top, instance=instance, testbench=testbench)


def _records(registration: Registration) -> Iterator[Record]:
    instances = dict(registration.instances)
    here: tuple[tuple[str, bool], ...] = ()
    for match in _STATEMENTS.finditer(registration.statements + "\n"):
        owner, *values = match.groups()
        if owner is not None:
            # What a class, or a package nothing is left of, would register is never called.
            here = instances.get(owner, ())
            continue
        single, ranged = values[:12], values[12:]
        for path, counts in here:
            if single[0] is not None:
                yield _single(single, path, counts, registration.size)
            else:
                yield from _ranged(ranged, path, counts, registration.size)


def _single(values: list[str], path: str, counts: bool, size: int) -> Record:
    """The point of `__vlCoverInsert(counter, place, lines, machine, from, to, tag)`."""
    counter = _checked(int(values[0]), size) if counts else _NEVER
    keys = _keys(values[1:7], path)
    keys |= {"S": _unescaped(values[7]), "Fv": _unescaped(values[8])}
    return _record(keys, counter)


def _ranged(values: list[str], path: str, counts: bool, size: int) -> Iterator[Record]:
    """The points of `__vlCoverToggleInsert(begin, end, is a range, counter, place)`, edge by edge."""
    begin, end, counter = int(values[0]), int(values[1]), int(values[3])
    step = 1 if end >= begin else -1
    whole = _record(_keys(values[4:10], path), _NEVER)
    _checked(counter + 2 * (abs(end - begin) + 1) - 1, size)
    for index in range(begin, end + step, step):
        signal = f"{whole.what}[{index}]" if values[2] == "1" else whole.what
        for edge in ("1->0", "0->1"):
            yield whole._replace(what=f"{signal}:{edge}", counter=counter if counts else _NEVER)
            counter += 1


def _keys(place: list[str], path: str) -> dict[str, str]:
    """A place of a point under the names that coverage.dat uses."""
    file, line, column, scope, page, what = place
    page = _unescaped(page)
    kind, slash, _ = page.partition("/")
    if not slash or not kind.startswith("v_"):
        raise UnexpectedTextError(f"`{page}` names no kind of coverage")
    # As the runtime does: the instance's path and the scope run together, without a dot in front.
    return {
        "t": kind[2:],
        "page": page,
        "f": _unescaped(file),
        "l": line,
        "n": column,
        "h": (path + _unescaped(scope)).removeprefix("."),
        "o": _unescaped(what),
    }


def _record(keys: dict[str, str], counter: int) -> Record:
    try:
        return record(keys, counter)
    except (ValueError, KeyError):
        raise UnexpectedTextError("a point's place means nothing") from None


def _checked(counter: int, size: int) -> int:
    if counter >= size:
        raise UnexpectedTextError("a point's counter is not there")
    return counter


def _unescaped(literal: str) -> str:
    """What a C++ string literal stands for, read as the runtime's file would be."""
    if "\\" not in literal and literal.isascii():
        return literal

    def character(match: re.Match[bytes]) -> bytes:
        octal, letter, other = match.groups()
        if other is not None:
            raise UnexpectedTextError(f"an unknown escape in {literal!r}")
        return bytes([int(octal, 8) & 0xFF]) if octal else _ESCAPED.get(letter, letter)

    data = literal.encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(character, data).decode("utf-8", "replace")
