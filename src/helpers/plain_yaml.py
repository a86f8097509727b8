"""The one reader of YAML: plain text, numbers, true, false, null, lists and mappings, as YAML 1.2 has them.

What YAML 1.1 guesses beyond that (`no` for false, `1:30` for 90, dates) stays the text that was written. A key given
twice, a number too large for a computer, a tag, and text built to exhaust the reader are refused. PyYAML splits the
text into events, which needs no recursion; values are made here, no deeper than `DEPTH`.
"""

import re
from collections.abc import Hashable, Iterator
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from helpers.errors import InputError
from helpers.paths import relative

#: Levels of nesting, and characters once every alias is written out.
DEPTH, SIZE = 60, 4_000_000
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WORDS = dict.fromkeys(("", "~", "null", "Null", "NULL"))
WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
WORDS |= {f"{sign}{word}": float(f"{sign}inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
WORDS |= dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
TAG = "tag:yaml.org,2002:"


def read(path: Path) -> Any:
    """Return what a YAML file holds.

    Raises
    ------
    InputError
        It cannot be read, or `parse` refuses its text.
    """
    place = relative(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{place}, line {line}: not encoded as UTF-8. Save the file as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{place} cannot be read: {error.strerror}.") from error
    return parse(text, place)


def parse(text: str, place: str) -> Any:
    """Return what a YAML text holds, None when it is empty.

    Parameters
    ----------
    text : str
        The text.
    place : str
        Where it stands, for the message.

    Raises
    ------
    InputError
        It is not valid YAML, or holds what this module refuses; the message names the line.
    """
    try:
        return _Reader(yaml.parse(text, Loader=LOADER)).document()
    except _Refused as error:
        raise InputError(f"{place}, line {error.args[1]}: {error.args[0]}.") from error
    except yaml.MarkedYAMLError as error:
        mark, why = error.problem_mark or error.context_mark, ", ".join(filter(None, (error.context, error.problem)))
        raise InputError(f"{place}{f', line {mark.line + 1}' if mark else ''}: not valid YAML: {why}.") from error
    except yaml.YAMLError as error:
        raise InputError(f"{place}: not valid YAML: {' '.join(str(error).split())}.") from error


class _Refused(Exception):
    """Why a text is refused, and in which line."""


class _Reader:
    """Makes values of events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events, self.size = events, 0
        #: What anchors name, with its size.
        self.named: dict[str, tuple[Any, int]] = {}

    def document(self) -> Any:
        """Return the value of the only document there may be."""
        value, documents = None, 0
        for event in self.events:
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise _Refused("a second document begins with '---' where one is expected", _line(event))
            if isinstance(event, yaml.NodeEvent):
                value = self._value(event, 0)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        """Return the value that begins with an event, so many levels deep."""
        before, line = self.size, _line(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.named:
                raise _Refused(f"*{event.anchor} names nothing that is complete before it", line)
            value, size = self.named[event.anchor]
            self._grow(size, line)
            return value
        if isinstance(event, yaml.ScalarEvent):
            self._grow(len(event.value) + 1, line)
            value = _scalar(event, line)
        else:
            if event.tag not in (None, "!", f"{TAG}map", f"{TAG}seq"):
                raise _Refused(f"tags such as {event.tag!r} are not read", line)
            if depth >= DEPTH:
                raise _Refused(f"lists and mappings are nested more than {DEPTH} levels deep", line)
            self._grow(1, line)
            value = (self._mapping if isinstance(event, yaml.MappingStartEvent) else self._list)(depth + 1)
        if event.anchor:
            self.named[event.anchor] = value, self.size - before
        return value

    def _list(self, depth: int) -> list[Any]:
        found = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._value(event, depth))
        return found

    def _mapping(self, depth: int) -> dict[Any, Any]:
        """Return a mapping; what `<<` takes over stands first and gives way."""
        found, merged, lines = dict[Any, Any](), dict[Any, Any](), dict[Any, int]()
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, line = self._value(event, depth), _line(event)
            if not isinstance(key, Hashable):
                raise _Refused("a list or mapping cannot be a key", line)
            if key in lines:
                raise _Refused(f"the key {key!r} is given twice (first in line {lines[key]})", line)
            lines[key], value = line, self._value(next(self.events), depth)
            if not (isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]):
                found[key] = value
                continue
            for other in value if isinstance(value, list) else [value]:
                if not isinstance(other, dict):
                    raise _Refused("'<<' takes over mappings, such as *name, and nothing else", line)
                merged = other | merged
        return merged | found

    def _grow(self, size: int, line: int) -> None:
        self.size += size
        if self.size > SIZE:
            raise _Refused(f"more than {SIZE:,} characters, counting each alias as what it stands for", line)


def _line(event: Any) -> int:
    return event.start_mark.line + 1


def _scalar(event: yaml.ScalarEvent, line: int) -> Any:
    """Return the value of a scalar; what stands in quotes is text."""
    text = event.value
    if event.tag not in (None, "!", f"{TAG}str"):
        raise _Refused(f"tags such as {event.tag!r} are not read", line)
    if event.tag or not event.implicit[0]:
        return text
    if text in WORDS:
        return WORDS[text]
    if not NUMBER.fullmatch(text) and not INTEGER.fullmatch(text):
        return text
    with suppress(ValueError, OverflowError):
        value = int(text, 0 if text[:2] in ("0x", "0o") else 10) if INTEGER.fullmatch(text) else float(text)
        if isfinite(value):
            return value
    shown = text if len(text) < 20 else f"{text[:20]}..."
    raise _Refused(f"the number {shown} is too large; put it in quotes if it is text", line)
