"""Files fetched whole: told by address and SHA-256, kept outside the embedded tables beside a manifest.

They lie under build/fetched/<source>/. The manifest is written last and names what belongs to the folder. The workbook
of the Penn World Table is such a file, and refreshes tables.
"""

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import BadZipFile

import pandas as pd

from helpers import files
from helpers.data import catalogue
from helpers.data.update import settings
from helpers.data.update.client import Client, Request, Unreadable, is_html
from helpers.data.update.series import Series, is_economy, tidy
from helpers.errors import InputError, WorkError

MANIFEST = "manifest.json"
HASH = re.compile(r"[0-9a-f]{64}")
PWT_ADDRESS = "https://www.rug.nl/ggdc/productivity/pwt/"
PWT = "Penn World Table"
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
    rows = [(str(iso3), int(year), float(value)) for iso3, year, value in given.itertuples(index=False)]
    return Series(
        table=table,
        vintage=f"pwt-{version}",
        note=f"{PWT} {version}.",
        figures=tidy((row for row in rows if is_economy(row[0])), what),
        left_out={iso3: "no economy of the catalogue" for iso3, _, _ in rows if not is_economy(iso3)},
    )
