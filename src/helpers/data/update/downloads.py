"""Files fetched whole, kept outside the embedded tables beside a manifest, under build/fetched/<source>/.

The manifest is written last and names what belongs to the folder. Single files are told by address and SHA-256; the
workbook of the Penn World Table is one, and refreshes tables. UN Comtrade gives bulk files of yearly trade by product
for a key; they may not be redistributed in bulk.
"""

import gzip
import json
import os
import re
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import BadZipFile

import pandas as pd
from pydantic import BaseModel

from helpers import files
from helpers.data import catalogue
from helpers.data.update import settings
from helpers.data.update.client import JSON, Client, Request, Unreadable, is_html, validated
from helpers.data.update.series import Figure, Series
from helpers.errors import InputError, WorkError, require_known

MANIFEST = "manifest.json"
HASH = re.compile(r"[0-9a-f]{64}")
PWT_ADDRESS = "https://www.rug.nl/ggdc/productivity/pwt/"
PWT = "Penn World Table"
COMTRADE_TITLE = "UN Comtrade, yearly trade by product"
COMTRADE_ADDRESS = "https://comtradeapi.un.org"
COMTRADE_HEADER = "Ocp-Apim-Subscription-Key"
COMTRADE_TERMS = "UN Comtrade: free for own use with a key, cite; no redistribution in bulk. https://comtrade.un.org"
COMTRADE_COLUMNS = (
    "refYear", "reporterCode", "flowCode", "partnerCode", "classificationCode", "cmdCode", "primaryValue",
)  # fmt: skip
PWT_VERSION = re.compile(r"Penn World Table,?\s+(?:version\s+)?(\d+\.\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Landed:
    """A fetched file: its name in the folder, where it comes from, its hash; its date and edition where known."""

    name: str
    url: str
    sha256: str
    bytes: int
    published: str = ""
    edition: str = ""


def manifest(source: str) -> dict[str, Landed]:
    """Return the files of a source that are there, by name.

    Raises
    ------
    WorkError
        The manifest cannot be read.
    """
    path = settings.fetched(source) / MANIFEST
    if not path.is_file():
        return {}
    try:
        return {entry["name"]: Landed(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise WorkError(f"{path} cannot be read ({error}). Remove its folder and fetch again.") from None


def land(source: str, content: Path | str, name: str, url: str, published: str = "", edition: str = "") -> Landed:
    """Put what was fetched and checked into the folder of its source.

    Parameters
    ----------
    source : str
        Name of the source.
    content : Path or str
        The file to copy, or text.
    name : str
        Name of the file in the folder.
    url : str
        Where it comes from, without secrets.
    published, edition : str
        Date and edition, where known.
    """
    target = settings.fetched(source) / name
    with files.replacing(target) as part:
        if isinstance(content, Path):
            shutil.copyfile(content, part)
        else:
            part.write_bytes(content.encode())
    return Landed(name, url, files.sha256(target), target.stat().st_size, published, edition)


def record(source: str, title: str, terms: str, landed: list[Landed]) -> list[str]:
    """Write the manifest of a source, and return what is new or has changed, in words.

    Parameters
    ----------
    source, title : str
        Name of the source, and what it is.
    terms : str
        What may be done with its files.
    landed : list of Landed
        Files that have come in; earlier ones that are still there are kept.
    """
    before = manifest(source)
    folder = settings.fetched(source)
    kept = {name: entry for name, entry in before.items() if (folder / name).is_file()}
    after = kept | {entry.name: entry for entry in landed}
    content = {"source": title, "terms": terms, "files": [asdict(after[name]) for name in sorted(after)]}
    files.write_text(folder / MANIFEST, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    lines = []
    for entry in landed:
        old = before.get(entry.name)
        state = "new" if old is None else "unchanged" if old.sha256 == entry.sha256 else "replaced: revised"
        date = f", published {entry.published}" if entry.published else ""
        edition = f", {entry.edition}" if entry.edition else ""
        lines.append(f"{entry.name}: {entry.bytes} bytes{edition}{date}; {state}")
    return lines


def file_by_hash(client: Client, what: str) -> Landed:
    """Fetch the file whose address and SHA-256 the environment gives, unless it is there already.

    Parameters
    ----------
    client : Client
        Its source names the variables: RESHORING_PWT_URL, RESHORING_PWT_SHA256.
    what : str
        What the file is, for messages.

    Raises
    ------
    InputError
        Address or SHA-256 is missing or malformed.
    WorkError
        It cannot be fetched, or is another file.
    """
    names = [settings.variable(client.source, part) for part in ("URL", "SHA256")]
    url, expected = (os.environ.get(name, "").strip() for name in names)
    expected = expected.lower()
    if not url or not HASH.fullmatch(expected):
        raise InputError(
            f"Say which file of {what} is meant: its address in {names[0]}, and in {names[1]} its SHA-256, "
            "64 hexadecimal digits, as its producer publishes it or as `sha256sum` gives it for a copy you looked at."
        )
    request = Request(settings.checked_address(url, names[0]))
    last = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]
    name = re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".") or "file"
    there = settings.fetched(client.source) / name
    if there.is_file() and files.sha256(there) == expected:
        return Landed(name, request.shown, expected, there.stat().st_size)
    _, answer = client.fetch(request, _refuse_html)
    if answer.sha256 != expected:
        raise WorkError(
            f"{request.shown} is not the file that is meant: its SHA-256 is {answer.sha256}, not {expected}. "
            "It was not kept. Look whether the producer has published a new edition."
        )
    return land(client.source, Path(answer.path), name, request.shown)


def _refuse_html(path: Path) -> None:
    with path.open("rb") as file:
        if is_html(file.read(512)):
            raise Unreadable("the server answered with a web page (HTML): it may want a person to fetch the file")


@cache
def _workbook(client: Client) -> tuple[str, pd.DataFrame]:
    """Return version and data of the Penn World Table, read once."""
    path = settings.fetched(client.source) / file_by_hash(client, f"the {PWT}").name
    try:
        sheets = pd.read_excel(path, sheet_name=["Info", "Data"], header=None, engine="openpyxl")
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise WorkError(f"{path.name} is not a workbook with the sheets Info and Data ({error}).") from None
    version = PWT_VERSION.search(" ".join(str(cell) for cell in sheets["Info"].to_numpy().ravel()))
    if version is None:
        raise WorkError(f"{path.name}: the sheet Info does not tell the version of the Penn World Table.")
    data = sheets["Data"]
    return version[1], data.iloc[1:].set_axis(data.iloc[0].astype(str).tolist(), axis=1)


def pwt_series(client: Client, table: str) -> Series:
    """Return the variable of the Penn World Table that a table holds.

    Raises
    ------
    WorkError
        The workbook cannot be had, or has another form.
    """
    version, data = _workbook(client)
    code = catalogue.metadata(table).series_code
    what = f"{PWT} {version}, {code} ({table})"
    if lacking := {"countrycode", "year", code} - set(data.columns):
        raise WorkError(f"{what}: the workbook has no column {', '.join(sorted(lacking))}.")
    given = data[["countrycode", "year", code]].dropna()
    found = [Figure(str(iso3), year, value) for iso3, year, value in given.itertuples(index=False)]
    return Series(table, f"pwt-{version}", f"{PWT} {version}.", what, found)


class BulkFile(BaseModel):
    """One bulk file as UN Comtrade lists it."""

    reporterCode: int
    period: int
    classificationCode: str
    fileUrl: str
    publicationDate: str | None = None


class Listing(BaseModel):
    """The bulk files that UN Comtrade has, and how many it says they are."""

    count: int
    data: list[BulkFile]


class Reporter(BaseModel):
    """One entry of UN Comtrade's list of reporters."""

    reporterCode: int
    reporterCodeIsoAlpha3: str | None = None


class Reporters(BaseModel):
    """UN Comtrade's list of reporters."""

    results: list[Reporter]


def comtrade_files(client: Client, economies: Sequence[str], years: Sequence[int]) -> list[Landed]:
    """Fetch the bulk files of economies and years, and the two reference files that reading them takes.

    Parameters
    ----------
    client : Client
        Sends the key in a header, to the service's own address only.
    economies : sequence of str
        Reporters, alpha-3; Korea when none is named.
    years : sequence of int
        Years of trade.

    Raises
    ------
    InputError
        Unknown reporter, or no year.
    WorkError
        A file is not listed, cannot be had, or is damaged.
    """
    if not (wanted := sorted(set(years))):
        raise InputError("Name the years of trade: --year 2022 --year 2023.")
    parsers: dict[str, Callable[[Any], Any]] = {
        "Reporters.json": lambda answer: validated(Reporters, answer, "the list of reporters"),
        "partnerAreas.json": lambda answer: answer,
    }
    address = f"{client.home}/files/v1/app/reference"
    came = {name: client.fetch_json(Request(f"{address}/{name}", (), JSON), parse) for name, parse in parsers.items()}
    landed = [land(client.source, Path(answer.path), name, answer.url) for name, (_, answer) in came.items()]
    reporters = came["Reporters.json"][0].results
    numbers = {each.reporterCodeIsoAlpha3: each.reporterCode for each in reporters if each.reporterCodeIsoAlpha3}
    for iso3 in economies or ("KOR",):
        require_known("reporter of UN Comtrade", iso3, sorted(numbers))
    listed = [each for iso3 in economies or ("KOR",) for each in _listed(client, iso3, numbers[iso3], wanted)]
    return [*landed, *(_bulk_file(client, each) for each in listed)]


def _listed(client: Client, iso3: str, code: int, years: list[int]) -> list[BulkFile]:
    """Return the files of a reporter, one a year."""

    def listing(answer: object) -> list[BulkFile]:
        found = validated(Listing, answer, "the list of files")
        if found.count != len(found.data):
            raise Unreadable(f"{len(found.data)} files are listed; the service announced {found.count}")
        return found.data

    asked = (("reporterCode", str(code)), ("period", ",".join(map(str, years))))
    found, _ = client.fetch_json(Request(f"{client.home}/bulk/v1/get/C/A/HS", asked, JSON), listing)
    right = {each.period: each for each in found if each.reporterCode == code and each.period in years}
    if lacking := [str(year) for year in years if year not in right]:
        raise WorkError(f"UN Comtrade lists no file of {iso3} for {', '.join(lacking)}. Nothing was added.")
    return [right[year] for year in years]


def _bulk_file(client: Client, listed: BulkFile) -> Landed:
    if not listed.fileUrl.startswith(f"{client.home}/"):
        raise WorkError("UN Comtrade lists a file at another address than its own. It was not fetched.")
    if not re.fullmatch("[A-Z0-9]{1,4}", listed.classificationCode):
        raise WorkError(f"UN Comtrade lists a file of an unknown classification, {listed.classificationCode!r}.")
    name = f"COMTRADE-FINAL-CA{listed.reporterCode:03d}{listed.period}{listed.classificationCode}.txt.gz"
    published = (listed.publicationDate or "")[:10]
    # a revised file keeps its address
    request = Request(listed.fileUrl, edition=published)
    _, answer = client.fetch(request, lambda path: _check_whole(path, listed.period))
    return land(client.source, Path(answer.path), name, answer.url, published)


def _check_whole(path: Path, year: int) -> None:
    """Read a packed file to its end, which checks its sum, and look at its columns."""
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") as file:
            header = re.split("[\t,]", file.readline().strip())
            while file.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise Unreadable(f"the file of {year} is damaged or no packed file") from None
    if lacking := [name for name in COMTRADE_COLUMNS if name not in header]:
        raise Unreadable(f"the file of {year} has no column {', '.join(lacking)}")
