"""UN Comtrade: bulk files of yearly trade by product, fetched with a key for `reshoring trade ingest`.

Comtrade may not be redistributed in bulk, so nothing of it becomes part of the embedded tables.
"""

import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from helpers.data.update.client import Client, Request, Unreadable, validated
from helpers.data.update.downloads import Landed, land
from helpers.errors import InputError, WorkError, not_allowed

TITLE = "UN Comtrade, yearly trade by product"
ADDRESS = "https://comtradeapi.un.org"
HEADER = "Ocp-Apim-Subscription-Key"
TERMS = "UN Comtrade: free for own use with a key, cite; no redistribution in bulk. https://comtrade.un.org"
REFERENCE = "files/v1/app/reference"
REPORTERS, PARTNERS = "Reporters.json", "partnerAreas.json"
COLUMNS = ("refYear", "reporterCode", "flowCode", "partnerCode", "classificationCode", "cmdCode", "primaryValue")
EDITION = re.compile(r"[A-Z0-9]{1,4}")
JSON = "application/json"


class Listed(BaseModel):
    """One bulk file as the service lists it."""

    reporterCode: int
    period: int
    classificationCode: str
    fileUrl: str
    publicationDate: str | None = None


class Listing(BaseModel):
    """The bulk files that the service has, and how many it says they are."""

    count: int
    data: list[Listed]


class Reporter(BaseModel):
    """One entry of the list of reporters."""

    reporterCode: int
    reporterCodeIsoAlpha3: str | None = None


class Reporters(BaseModel):
    """The list of reporters."""

    results: list[Reporter]


def fetch(client: Client, economies: Sequence[str], years: Sequence[int]) -> list[Landed]:
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
    numbers, landed = _references(client)
    for iso3 in economies or ("KOR",):
        if iso3 not in numbers:
            raise InputError(not_allowed("reporter of UN Comtrade", iso3, sorted(numbers)))
    listed = [each for iso3 in economies or ("KOR",) for each in _listed(client, iso3, numbers[iso3], wanted)]
    return [*landed, *(_file(client, each) for each in listed)]


def _references(client: Client) -> tuple[dict[str, int], list[Landed]]:
    reporters, partners = (Request(f"{client.home}/{REFERENCE}/{name}", (), JSON) for name in (REPORTERS, PARTNERS))
    found, listed = client.fetch_json(reporters, lambda answer: validated(Reporters, answer, "the list of reporters"))
    _, other = client.fetch_json(partners, lambda answer: answer)
    landed = [
        land(client.source, Path(answer.path), name, answer.url)
        for name, answer in ((REPORTERS, listed), (PARTNERS, other))
    ]
    return {
        each.reporterCodeIsoAlpha3: each.reporterCode for each in found.results if each.reporterCodeIsoAlpha3
    }, landed


def _listed(client: Client, iso3: str, code: int, years: list[int]) -> list[Listed]:
    asked = (("reporterCode", str(code)), ("period", ",".join(map(str, years))))
    found, _ = client.fetch_json(Request(f"{client.home}/bulk/v1/get/C/A/HS", asked, JSON), _files)
    right = {each.period: each for each in found if each.reporterCode == code and each.period in years}
    if lacking := [str(year) for year in years if year not in right]:
        raise WorkError(f"UN Comtrade lists no file of {iso3} for {', '.join(lacking)}. Nothing was added.")
    return [right[year] for year in years]


def _files(answer: object) -> list[Listed]:
    listing = validated(Listing, answer, "the list of files")
    if listing.count != len(listing.data):
        raise Unreadable(f"{len(listing.data)} files are listed; the service announced {listing.count}")
    return listing.data


def _file(client: Client, listed: Listed) -> Landed:
    if not listed.fileUrl.startswith(f"{client.home}/"):
        raise WorkError("UN Comtrade lists a file at another address than its own. It was not fetched.")
    if not EDITION.fullmatch(listed.classificationCode):
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
    if lacking := [name for name in COLUMNS if name not in header]:
        raise Unreadable(f"the file of {year} has no column {', '.join(lacking)}")
