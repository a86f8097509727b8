"""UN Comtrade: bulk files of yearly trade by product, fetched with a key for `reshoring trade ingest`.

Comtrade may not be redistributed in bulk, so nothing of it becomes part of the embedded tables.
"""

import gzip
import re
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from helpers.data.update.fetching import Fetcher, Unreadable
from helpers.data.update.landing import Landed, land
from helpers.data.update.pages import Request
from helpers.data.update.paging import from_json, model, models
from helpers.errors import InputError, WorkError, not_allowed

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


class Reporter(BaseModel):
    """One entry of the list of reporters."""

    reporterCode: int
    reporterCodeIsoAlpha3: str | None = None


def fetch(fetcher: Fetcher, economies: Sequence[str], years: Sequence[int]) -> list[Landed]:
    """Fetch the bulk files of economies and years, and the two reference files that reading them takes.

    Parameters
    ----------
    fetcher : Fetcher
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
    numbers, references = _references(fetcher)
    codes = {iso3: _number(iso3, numbers) for iso3 in economies or ("KOR",)}
    listed = [each for iso3, code in codes.items() for each in _listed(fetcher, iso3, code, wanted)]
    return [*references, *(_file(fetcher, each) for each in listed)]


def _references(fetcher: Fetcher) -> tuple[dict[str, int], list[Landed]]:
    landed = []
    reporters: list[Reporter] = []
    for name, read in ((REPORTERS, _reporters), (PARTNERS, from_json)):
        request = Request(f"{fetcher.home}/{REFERENCE}/{name}", (), JSON)
        found, page = fetcher.get(request, read)
        reporters = found if name == REPORTERS else reporters
        landed.append(land(fetcher.source, Path(page.path), name, page.url))
    return {each.reporterCodeIsoAlpha3: each.reporterCode for each in reporters if each.reporterCodeIsoAlpha3}, landed


def _reporters(body: bytes) -> list[Reporter]:
    return models(Reporter, _of(from_json(body), "results"), "the list of reporters")


def _of(answer: object, name: str) -> object:
    if not isinstance(answer, dict) or name not in answer:
        raise Unreadable(f"the answer has another form than documented: an object with {name} was expected")
    return answer[name]


def _number(iso3: str, numbers: dict[str, int]) -> int:
    if iso3 not in numbers:
        raise InputError(not_allowed("reporter of UN Comtrade", iso3, sorted(numbers)))
    return numbers[iso3]


def _listed(fetcher: Fetcher, iso3: str, code: int, years: list[int]) -> list[Listed]:
    asked = (("reporterCode", str(code)), ("period", ",".join(map(str, years))))
    request = Request(f"{fetcher.home}/bulk/v1/get/C/A/HS", asked, JSON)
    found, _ = fetcher.get(request, _files)
    right = {each.period: each for each in found if each.reporterCode == code and each.period in years}
    if lacking := [str(year) for year in years if year not in right]:
        raise WorkError(f"UN Comtrade lists no file of {iso3} for {', '.join(lacking)}. Nothing was added.")
    return [right[year] for year in years]


def _files(body: bytes) -> list[Listed]:
    answer = from_json(body)
    rows = models(Listed, _of(answer, "data"), "the list of files")
    count = model(_Count, answer, "the list of files").count
    if count != len(rows):
        raise Unreadable(f"{len(rows)} files are listed; the service announced {count}")
    return rows


class _Count(BaseModel):
    count: int


def _file(fetcher: Fetcher, listed: Listed) -> Landed:
    if not listed.fileUrl.startswith(f"{fetcher.home}/"):
        raise WorkError("UN Comtrade lists a file at another address than its own. It was not fetched.")
    if not EDITION.fullmatch(listed.classificationCode):
        raise WorkError(f"UN Comtrade lists a file of an unknown classification, {listed.classificationCode!r}.")
    name = f"COMTRADE-FINAL-CA{listed.reporterCode:03d}{listed.period}{listed.classificationCode}.txt.gz"
    published = (listed.publicationDate or "")[:10]
    check = partial(_whole, listed=listed)
    # a revised file keeps its address
    _, page = fetcher.download(Request(listed.fileUrl, edition=published), check)
    return land(fetcher.source, Path(page.path), name, page.url, published)


def _whole(path: Path, listed: Listed) -> None:
    """Read a packed file to its end, which checks its sum, and look at its columns."""
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") as file:
            header = re.split("[\t,]", file.readline().strip())
            while file.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise Unreadable(f"the file of {listed.period} is damaged or no packed file") from None
    if lacking := [name for name in COLUMNS if name not in header]:
        raise Unreadable(f"the file of {listed.period} has no column {', '.join(lacking)}")
