"""Files of the published releases: which there are, and what comes with them."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from helpers.errors import InputError, not_allowed
from helpers.ingested import Publication, require_file
from helpers.trade.products.end_use import classes_of
from helpers.trade.products.engines import header
from helpers.trade.products.rows import BACI_COLUMNS, COMTRADE_COLUMNS, baci_rows, comtrade_rows

if TYPE_CHECKING:
    import ibis.expr.types as ir

BACI_NAME = re.compile(r"^BACI_HS(\d{2})_Y(\d{4})_V(\w+)\.csv(\.gz)?$")
COUNTRY_FILE = re.compile(r"^country_codes_V\w+\.csv$")
# BACI and Comtrade publish Taiwan as "Other Asia, not elsewhere specified".
BACI = Publication(
    "CEPII, from figures of UN Comtrade",
    "Etalab 2.0",
    "https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37",
    """@techreport{gaulier2010baci,
  author = {Gaulier, Guillaume and Zignago, Soledad},
  title = {{BACI}: International Trade Database at the Product-Level. The 1994-2007 Version},
  institution = {CEPII},
  type = {Working Paper},
  number = {2010-23},
  year = {2010},
}""",
)
COMTRADE = Publication(
    "United Nations Statistics Division",
    "UN Comtrade: free for own use, no redistribution in bulk",
    "https://comtrade.un.org",
    """@misc{uncomtrade,
  author = {{United Nations Statistics Division}},
  title = {{UN Comtrade} Database},
  howpublished = {https://comtradeplus.un.org},
}""",
)
ISO3 = {"S19": "TWN"}
OTHER_ASIA = 490


@dataclass(frozen=True)
class BaciFile:
    """One year of BACI in one HS edition."""

    path: Path
    edition: str
    year: int

    @property
    def period(self) -> str:
        """What the file covers, in any edition of the HS: two files that cover the same would count trade twice."""
        return str(self.year)

    def rows(self, raw: "ir.Table", economies: dict[int, str]) -> "ir.Table":
        """Return the meaning of its rows."""
        return baci_rows(self.dated(raw), self.edition, economies)

    def dated(self, raw: "ir.Table") -> "ir.Table":
        """Add the year of the file's name to its text columns."""
        return raw.mutate(file_year=ibis.literal(self.year, "int16"))


@dataclass(frozen=True)
class ComtradeFile:
    """A file of final data of UN Comtrade, as downloaded in bulk."""

    path: Path

    @property
    def period(self) -> str:
        """What the file covers: known by its name only."""
        return self.path.name

    def rows(self, raw: "ir.Table", economies: dict[int, str]) -> "ir.Table":
        """Return the meaning of its rows."""
        return comtrade_rows(raw, economies)


@dataclass(frozen=True)
class Source:
    """A folder of published files and the economies its codes stand for."""

    files: list[BaciFile] | list[ComtradeFile]
    economies: dict[int, str] = field(repr=False)
    title: str
    publication: Publication = field(repr=False)


def baci(folder: Path) -> Source:
    """Find the files of a release of BACI.

    Raises
    ------
    InputError
        No file, two releases of one year, no code file, missing columns, or an HS edition without concordance.
    """
    found = [_baci_file(path) for path in sorted(folder.iterdir()) if BACI_NAME.match(path.name)]
    _require_files(folder, found, "BACI_HS12_Y2020_V202401b.csv")
    _refuse_same_period(folder, found)
    lists = [path for path in sorted(folder.iterdir()) if COUNTRY_FILE.match(path.name)]
    if len(lists) != 1:
        raise InputError(
            f"{folder} holds {len(lists)} files country_codes_V*.csv where one is needed. It comes with the release of "
            "BACI; keep it beside the yearly files, and each release in a folder of its own."
        )
    return Source(found, _baci_economies(lists[0]), f"BACI {_release(found)}", BACI)


def _release(files: list[BaciFile]) -> str:
    """Return the release and the editions of the HS that the names of the files tell."""
    named = [BACI_NAME.match(file.path.name) for file in files]
    releases = sorted({found[3] for found in named if found})
    return f"{', '.join(releases)} ({', '.join(sorted({file.edition for file in files}))})"


def _baci_file(path: Path) -> BaciFile:
    named = BACI_NAME.match(path.name)
    assert named is not None
    short = int(named[1])
    edition = f"HS{1900 + short if short > 50 else 2000 + short}"
    classes_of(edition)
    _require_columns(path, BACI_COLUMNS)
    return BaciFile(path, edition, int(named[2]))


def _baci_economies(path: Path) -> dict[int, str]:
    require_file(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} cannot be read as CSV in UTF-8 ({error}). Take it from the release.") from None
    if not rows or not {"country_code", "country_iso3"} <= set(rows[0]):
        raise InputError(f"{path.name} has no columns country_code and country_iso3.")
    return {
        _code(path, row["country_code"]): _iso3(_code(path, row["country_code"]), row["country_iso3"]) for row in rows
    }


def _code(path: Path, given: object) -> int:
    """Read the numeric code of an economy."""
    try:
        return int(str(given))
    except ValueError:
        raise InputError(f"{path.name}: {given!r} is no numeric code of an economy.") from None


def _iso3(code: int, given: str | None) -> str:
    if code == OTHER_ASIA:
        return ISO3["S19"]
    known = (given or "").strip()
    return ISO3.get(known, known) if len(known) == 3 and known != "N/A" else f"_{code}"


def comtrade(folder: Path) -> Source:
    """Find the files of UN Comtrade in a folder, and the reference files of reporters and partners beside them.

    Raises
    ------
    InputError
        No data file, a missing reference file, or missing columns.
    """
    named = ("*.csv", "*.csv.gz", "*.txt", "*.txt.gz")
    paths = sorted({path for pattern in named for path in folder.glob(pattern)})
    files = [ComtradeFile(path) for path in paths]
    _require_files(folder, files, "COMTRADE-FINAL-CA410201812H5.txt.gz")
    for path in paths:
        _require_columns(path, COMTRADE_COLUMNS)
    economies = _reference(folder / "Reporters.json", "reporterCode") | _reference(
        folder / "partnerAreas.json", "PartnerCode"
    )
    return Source(files, economies, "UN Comtrade, final data in bulk", COMTRADE)


def _reference(path: Path, key: str) -> dict[int, str]:
    if not path.is_file():
        raise InputError(
            f"{path} is missing. UN Comtrade publishes it among its reference tables; keep it beside the data files."
        )
    try:
        records = json.loads(path.read_text(encoding="utf-8-sig"))["results"]
        codes = {_code(path, record[key]): record.get(f"{key}IsoAlpha3") for record in records}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{path.name} is no reference table of UN Comtrade: JSON whose `results` hold {key}. Fetch it again."
        ) from None
    return {code: _iso3(code, given) for code, given in codes.items()}


def _require_files(folder: Path, found: Sequence[object], example: str) -> None:
    if not found:
        packed = " Unpack the zip archive first." if any(folder.glob("*.zip")) else ""
        raise InputError(f"{folder} holds no data file such as {example}.{packed}")


def _refuse_same_period(folder: Path, files: list[BaciFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.period in seen:
            raise InputError(
                f"{folder} holds {seen[file.period]} and {file.path.name}: the same year twice. Keep one release, in "
                "one edition of the HS: each edition holds all of the year's trade."
            )
        seen[file.period] = file.path.name


def _require_columns(path: Path, wanted: list[str]) -> None:
    names, _ = header(path)
    if not any(names):
        raise InputError(f"{path.name} is empty. Download it again.")
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(f"{path.name}, line 1: column {', '.join(missing)} missing. Found: {', '.join(names[:12])}.")


SOURCES = {"baci": baci, "comtrade": comtrade}


def found(folder: Path, form: str) -> Source:
    """Find the files of a format (`baci` or `comtrade`) in a folder.

    Raises
    ------
    InputError
        An unknown format, no such folder, or one that does not hold what the format needs.
    """
    if form not in SOURCES:
        raise InputError(not_allowed("format of trade data", form, SOURCES))
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    return SOURCES[form](folder)
