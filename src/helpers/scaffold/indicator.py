"""A new indicator: a csv with its record in the catalogue and, if wanted, its place in the index of a scenario."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from helpers.data import catalogue, package
from helpers.data.loading import examine, measured
from helpers.data.parsing import describe
from helpers.data.records import TableRecord
from helpers.errors import InputError, ReshoringError, closest, not_allowed
from helpers.paths import project_root
from helpers.runner import notebooks, parameters, plan
from helpers.scaffold.writing import Write, all_or_none, edited, free_file

INDEX = "innovation-index"
FOLDER = "data/indicators"
HEAD = ("iso3", "year", "vintage", "value")
READ_ON = "The day of reading: the producer names no day of publication."
#: Years that a table may hold.
YEARS = (1900, 2100)


@dataclass(frozen=True)
class NewIndicator:
    """What is asked of a new indicator, field by field."""

    name: str
    csv: Path
    title: str
    producer: str
    url: str
    unit: str
    definition: str
    licence: str
    licence_url: str
    series_code: str = ""
    vintage: str = ""
    published: str = ""
    label: str = ""
    less_is_better: bool = False
    #: Scenario in whose index it is to stand.
    scenario: str = ""


def licences() -> dict[str, str]:
    """Return the licences of the catalogue, each with the address of its text that is given most often."""
    records = [catalogue.metadata(name) for name in catalogue.tables()]
    pairs = Counter((record.licence, record.licence_url) for record in records)
    return {licence: url for (licence, url), _ in reversed(pairs.most_common())}


def units() -> list[str]:
    """Return the units of the catalogue's single series."""
    records = (catalogue.metadata(name) for name in catalogue.tables())
    return sorted({record.unit for record in records if record.is_indicator})


def near(what: str, known: list[str], as_given: bool = False) -> Callable[[str], str]:
    """Return a check that takes what the catalogue has, or what reads like none that it has.

    What reads much like one is refused as a slip of the pen; given a second time, it is meant.

    Parameters
    ----------
    what, known : str, list of str
        What is asked for, "unit" or "licence", and what the catalogue has.
    as_given : bool
        Take everything as it stands.
    """
    refused: list[str] = []

    def check(value: str) -> str:
        value = value.strip()
        if not as_given and value not in [*known, *refused] and closest(value, known):
            refused.append(value)
            advice = "If it is meant, give --as-given too, or answer the same again."
            raise InputError(f"{not_allowed(what, value, known)} {advice}")
        return value

    return check


def write_indicator(new: NewIndicator) -> list[str]:
    """Write an indicator with its record, renew the catalogue, and put it into a scenario's index if one is named.

    Returns
    -------
    list of str
        What was done, a line each.

    Raises
    ------
    InputError
        A name, a field or a row that cannot be used; everything is as it was before.
    """
    table = free_file("indicator", FOLDER, new.name, ".csv", "_")
    if new.name in catalogue.tables():
        raise InputError(f"There is a table {new.name!r} already: {catalogue.metadata(new.name).path}.")
    content = table_content(new)
    record = record_of(new, content)
    with all_or_none() as write:
        write(table, content.decode())
        write(table.with_suffix(".yml"), yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=10**6))
        done = _into_catalogue(write)
        done += [_into_index(new, write)] if new.scenario else []
    return [f"written: {FOLDER}/{new.name}.csv and .yml", *done]


def table_content(new: NewIndicator) -> bytes:
    """Return the bytes of the table: those of the csv given, with the vintage as a column where it has none.

    Raises
    ------
    InputError
        It cannot be read, has another head, or has no vintage and none was named.
    """
    try:
        content = new.csv.read_bytes()
    except OSError as error:
        raise InputError(f"{new.csv} cannot be read: {error.strerror}.") from error
    first = content.split(b"\n", 1)[0]
    if first != b"iso3,year,value":
        return content
    if not new.vintage:
        raise InputError(f"{new.csv} has no column vintage: name the producer's publication with --vintage.")
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for number, (code, year, *rest) in enumerate(_rows(content, new.csv)):
        writer.writerow([code, year, new.vintage if number else "vintage", *rest])
    return written.getvalue().encode()


def _rows(content: bytes, path: Path) -> list[list[str]]:
    """Return the rows of a csv without a vintage; each must have a code and a year to set it behind."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a csv in UTF-8: {error}.") from error
    if short := next((number for number, row in enumerate(rows, 1) if len(row) < 2), 0):
        raise InputError(f"{path}, line {short}: 3 cells are needed (iso3, year, value).")
    return rows


def record_of(new: NewIndicator, content: bytes) -> dict[str, Any]:
    """Return the record of an indicator, with the coverage that its table has; refuses a table that is not sound.

    Parameters
    ----------
    new : NewIndicator
        What was answered.
    content : bytes
        The table.

    Raises
    ------
    InputError
        A field of the record, or a row of the table, that cannot be used.
    """
    lines = content.decode("utf-8", errors="replace").splitlines()[1:]
    names = list(dict.fromkeys(line.split(",")[2] for line in lines if line.count(",") >= 3)) or [new.vintage or "?"]
    day = {"published": new.published} if new.published else {"published": today(), "note": READ_ON}
    draft = _written(new) | {"vintages": [{"name": name, **day} for name in names]}
    try:
        record = TableRecord.model_validate(draft)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise InputError(f"The record is not complete: {'; '.join(wrong)}.") from error
    frame, problems = examine(content, record, str(new.csv), [])
    if frame is None or problems:
        raise InputError(describe(new.name, problems) + "\nNothing was written.")
    draft["vintages"] = [
        {"name": one.name, **day, "first": one.years[0], "last": one.years[-1], "minimum_economies": one.economies}
        for one in measured(frame, record)
    ]
    return draft


def _written(new: NewIndicator) -> dict[str, Any]:
    """Return the fields of the record that follow from the answers alone."""
    cited = {"author": f"{{{new.producer}}}", "title": new.title}
    cited |= {"year": (new.published or today())[:4], "url": new.url}
    year = {"name": "year", "type": "integer", "description": "Calendar year", "key": True}
    index = {"label": new.label or new.title} | ({"direction": -1} if new.less_is_better else {})
    columns = [
        {"name": "iso3", "type": "string", "description": "Economy, ISO 3166 alpha-3", "key": True, "economy": True},
        year | {"minimum": YEARS[0], "maximum": YEARS[1]},
        {"name": "vintage", "type": "string", "description": "The producer's publication of the series", "key": True},
        {"name": "value", "type": "number", "description": new.title, "unit": new.unit},
    ]
    return {
        "name": new.name,
        "title": new.title,
        "description": f"{new.title}, by economy and year.",
        "producer": new.producer,
        **({"series_code": new.series_code} if new.series_code else {}),
        "url": new.url,
        "unit": new.unit,
        "definition": new.definition,
        "licence": new.licence,
        "licence_url": new.licence_url,
        "citations": [{"key": new.name, "type": "misc", "fields": cited}],
        "index": index,
        "vintage_column": "vintage",
        "vintages": [],
        "columns": columns,
    }


def _into_catalogue(write: Write) -> list[str]:
    try:
        return package.write_package(write, check_all=False)
    except ReshoringError as error:
        raise InputError(str(error)) from error


def _into_index(new: NewIndicator, write: Write) -> str:
    """Name the indicator in a scenario's index, and let the plan refuse what does not go together."""
    section, base = notebooks.section(INDEX), notebooks.named_scenario(new.scenario)
    with base.vintages():
        known = parameters.resolve(section, base.parameters.get(INDEX, {}))["indicators"]
    path = project_root() / "scenarios" / f"{new.scenario}.yml"

    def enter(content: Any) -> None:
        for name in ("parameters", INDEX):
            if content.get(name) is None:
                content[name] = {}
            content = content[name]
        content["indicators"] = [*known, new.name]

    write(path, edited(path, enter))
    plan.plan([new.scenario], [INDEX])
    return f"scenarios/{new.scenario}.yml: its index is made of {', '.join([*known, new.name])}"


def today() -> str:
    """Return the day as records write it."""
    return date.today().isoformat()
