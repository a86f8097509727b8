"""The one reader of YAML: plain text, numbers, true, false, null, lists and mappings, as YAML 1.2 has them.

What YAML 1.1 guesses beyond that (`no` for false, `1:30` for 90, dates) stays the text that was written. A key given
twice, a number too large for a computer, a tag, and text built to exhaust the reader are refused. PyYAML splits the
text into events, which needs no recursion; values are made here.
"""

import re
from collections.abc import Hashable
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
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except _Refused as error:
        raise InputError(f"{place}, line {error.args[1]}: {error.args[0]}.") from error
    except yaml.MarkedYAMLError as error:
        mark, why = error.problem_mark or error.context_mark, ", ".join(filter(None, (error.context, error.problem)))
        raise InputError(f"{place}{f', line {mark.line + 1}' if mark else ''}: not valid YAML: {why}.") from error
    except yaml.YAMLError as error:
        raise InputError(f"{place}: not valid YAML: {' '.join(str(error).split())}.") from error
    return builder.value


class _Refused(Exception):
    """Why a text is refused, and in which line."""


class _Open:
    """A list or mapping whose end has not come."""

    def __init__(self, event: yaml.CollectionStartEvent, size: int) -> None:
        self.anchor, self.size = event.anchor, size
        self.value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        #: Of a mapping: lines of its keys, what `<<` takes over, and the key that waits for its value.
        self.lines: dict[Any, int] = {}
        self.merged: dict[Any, Any] = {}
        self.key: Any = None
        self.has_key = False

    def add(self, value: Any, line: int, merges: bool) -> None:
        """Add an entry, or one half of one."""
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.has_key:
            self._set(value, line)
        else:
            self._begin(value, line, merges)

    def _begin(self, key: Any, line: int, merges: bool) -> None:
        if not isinstance(key, Hashable):
            raise _Refused("a list or mapping cannot be a key", line)
        if key in self.lines:
            raise _Refused(f"the key {key!r} is given twice (first in line {self.lines[key]})", line)
        self.lines[key] = line
        self.key, self.has_key = _Merge if merges else key, True

    def _set(self, value: Any, line: int) -> None:
        self.has_key = False
        if self.key is not _Merge:
            self.value[self.key] = value
            return
        for other in value if isinstance(value, list) else [value]:
            if not isinstance(other, dict):
                raise _Refused("'<<' takes over mappings, such as *name, and nothing else", line)
            self.merged = other | self.merged

    def end(self) -> Any:
        """Return the whole; what was taken over stands first and gives way."""
        return self.merged | self.value if self.merged else self.value


class _Merge:
    """Stands for the key `<<`."""


class _Builder:
    """Makes values of events."""

    def __init__(self) -> None:
        self.value: Any = None
        self.open: list[_Open] = []
        #: What anchors name, with its size.
        self.named: dict[str, tuple[Any, int]] = {}
        self.size = self.documents = 0

    def take(self, event: Any) -> None:
        """Go on with the next event."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event, line)
            self._grow(len(event.value) + 1, line)
            self._name(event.anchor, value, len(event.value) + 1)
            self._add(value, line, event.value == "<<" and event.implicit[0])
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.named:
                raise _Refused(f"*{event.anchor} names nothing that is complete before it", line)
            value, size = self.named[event.anchor]
            self._grow(size, line)
            self._add(value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self.open.pop()
            value = done.end()
            self._name(done.anchor, value, self.size - done.size)
            self._add(value, line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _Refused("a second document begins with '---' where one is expected", line)

    def _begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if event.tag not in (None, "!", f"{TAG}map", f"{TAG}seq"):
            raise _Refused(f"tags such as {event.tag!r} are not read", line)
        if len(self.open) >= DEPTH:
            raise _Refused(f"lists and mappings are nested more than {DEPTH} levels deep", line)
        self.open.append(_Open(event, self.size))
        self._grow(1, line)

    def _grow(self, size: int, line: int) -> None:
        self.size += size
        if self.size > SIZE:
            raise _Refused(f"more than {SIZE:,} characters, counting each alias as what it stands for", line)

    def _name(self, anchor: str | None, value: Any, size: int) -> None:
        if anchor:
            self.named[anchor] = value, size

    def _add(self, value: Any, line: int, merges: bool = False) -> None:
        if self.open:
            self.open[-1].add(value, line, merges)
        else:
            self.value = value


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
