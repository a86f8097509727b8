"""A new claim in data/claims.yml: its rule, the smallest effect that matters, and the first entry of its history."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from helpers import plain_yaml
from helpers.claims import reading
from helpers.claims.model import Claims
from helpers.errors import InputError, not_allowed
from helpers.paths import project_root
from helpers.scaffold.writing import all_or_none, check_name

FILE = "data/claims.yml"
ANCHOR = re.compile(r"^  - &([a-z0-9-]+)$", re.M)
VARIED = {"what": "the smallest effect halved and doubled, and each number left out in turn"}


@dataclass(frozen=True)
class NewClaim:
    """What is asked of a new claim; a rule needs a number and a kind, a claim without one what would test it."""

    name: str
    title: str
    question: str
    paraphrase: str
    place: str
    #: The number that answers it, as the form of claims has it: label, metric, low, high, wanted, printed ...
    number: dict[str, Any] = field(default_factory=dict)
    #: Anchor of a kind there is, or of the one that `new_kind` describes.
    kind: str = ""
    new_kind: dict[str, Any] = field(default_factory=dict)
    direct: bool = False
    would_test: str = ""


def write_claim(new: NewClaim) -> list[str]:
    """Add a claim to the file of claims, its rule frozen by the first entry of its history.

    Returns
    -------
    list of str
        What was done, and what to do next, a line each.

    Raises
    ------
    InputError
        A name that cannot be used or is taken, an unknown section, kind or metric, a rule that has no meaning; nothing
        is written.
    """
    check_name("claim", new.name)
    path = project_root() / FILE
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    if new.name in [claim.id for claim in reading.read_file(project_root()).claims]:
        raise InputError(f"There is a claim {new.name!r} already in {FILE}. Choose another name, or edit that.")
    if new.question not in (known := list(reading.answering())):
        more = "Another section answers claims once its front matter says what it `leaves`, and `needs` of the "
        raise InputError(f"{not_allowed('section with claims', new.question, known)} {more}notebook claims name it.")
    text = _with_kind(text, new)
    digest = _parsed(text + _block(new, "")).claims[-1].digest()
    with all_or_none() as write:
        write(path, text + _block(new, digest))
        reading.read_claims()
    return [
        f"written: {FILE}, claim {new.name}, its rule frozen as {digest}",
        "judge it: reshoring build claims, then reshoring claims --details",
    ]


def _with_kind(text: str, new: NewClaim) -> str:
    """Return the file with the new kind among the others, or refuse a kind that it has not."""
    known = ANCHOR.findall(text)
    if not new.kind:
        return text
    if not new.new_kind:
        if new.kind not in known:
            hint = "For a new one give --asks, --smallest, --unit and --reason too."
            raise InputError(f"{not_allowed('kind of claim', new.kind, known, shown=len(known))} {hint}")
        return text
    check_name("kind", new.kind)
    if new.kind in known:
        raise InputError(f"There is a kind {new.kind!r} already: leave out what describes it, or choose another name.")
    lines = "".join(f"    {line}\n" for line in _dumped({"title": new.kind.replace("-", " "), **new.new_kind}))
    return text.replace("\n\nclaims:\n", f"\n  - &{new.kind}\n{lines.rstrip()}\n\nclaims:\n", 1)


def _block(new: NewClaim, digest: str) -> str:
    """Return a claim as the file has it."""
    about = {"title": new.title, "question": new.question, "paraphrase": new.paraphrase, "place": new.place}
    lines = _dumped(about)
    if new.number:
        lines += [f"kind: *{new.kind}"] if new.kind else []
        lines += _dumped({"evidence": "direct" if new.direct else "proxy", "rule": {"numbers": [new.number]}})
    first = "First rule." if new.number else "Found not testable, with what would test it."
    lines += ["history:", f"  - {{date: {date.today()}, reason: {first!r}, digest: {digest!r}}}"]
    nothing = {"would_test": new.would_test, "no_alternatives": "no number answers it, so nothing can be varied."}
    lines += _dumped({"alternatives": [VARIED]} if new.number else nothing)
    return f"\n  - id: {new.name}\n" + "".join(f"    {line}\n" for line in lines)


def _dumped(content: dict[str, Any]) -> list[str]:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10**6).splitlines()


def _parsed(text: str) -> Claims:
    """Return a file of claims that is not written yet; what is wrong with it is told as for the file itself."""
    content = plain_yaml.parse(text, FILE)
    return reading.checked(content, Path(FILE).name)
