"""Published files of trade: which there are in a folder, what comes with them, and what their rows mean."""

import csv
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from helpers.errors import InputError, require_known
from helpers.ingested import Publication, require_file
from helpers.trade.products import reading
from helpers.trade.products.end_use import classes_of
from helpers.trade.products.reading import CODE, NUMBER, PRODUCT, TEXT, File, Judged, Mask

Array = NDArray[Any]
BACI_NAME = re.compile(r"^BACI_HS(\d{2})_Y(\d{4})_V(\w+)\.csv(\.gz)?$")
COUNTRY_FILE = re.compile(r"^country_codes_V\w+\.csv$")
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
# BACI and Comtrade publish Taiwan as "Other Asia, not elsewhere specified".
ISO3 = {"S19": "TWN"}
OTHER_ASIA, WORLD = 490, 0
#: The first digit of a product may be a zero that was lost, not the second.
FIRST_PRODUCT, LAST_YEAR = 10_000, 9999
#: In thousandths of a US dollar: no flow of one product is anywhere near a trillion dollars.
LIMIT = 10**15
EDITIONS = {"H1": 1996, "H2": 2002, "H3": 2007, "H4": 2012, "H5": 2017, "H6": 2022}
ZERO = r"^0+(\.0*)?$"
#: Where a file of Comtrade holds more than yearly trade in goods, or breaks a flow down further: what says "all of it".
TOTALS = {"typeCode": "^C$", "freqCode": "^A$", "partner2Code": ZERO, "customsCode": "^C00$"}
TOTALS |= {"motCode": ZERO, "mosCode": ZERO}


@dataclass(frozen=True)
class BaciFile(File):
    """One year of BACI in one edition of the HS."""

    columns: ClassVar = {"t": CODE, "i": CODE, "j": CODE, "k": PRODUCT, "v": NUMBER, "q": NUMBER}
    required: ClassVar = list(columns)
    edition: int
    year: int

    @property
    def period(self) -> str:
        """The year, in whatever edition of the HS."""
        return str(self.year)

    def judge(self, cells: pa.Table, known: Mask) -> Judged:
        """See `reading.File`; values are in thousand US dollars, quantities in metric tons."""
        year, exporter, importer, product = (_numbers(cells[name]) for name in "tijk")
        value = _thousandths(cells["v"], 10**6)
        unsound = [
            ((year < 0) | (year > LAST_YEAR), "year is not a number"),
            (year != self.year, "year is not that of the file's name"),
            *_unsound_flow(exporter, importer, product, value, known),
            (_true(compute.invert(compute.is_finite(cells["q"]))), "quantity is not a number"),
        ]
        edition = np.full(len(year), self.edition, np.int16)
        rows = _table(cells["line"], edition, year, exporter, importer, product, reading.dollars(value), cells["q"])
        return rows, np.zeros(len(year), bool), unsound


@dataclass(frozen=True)
class ComtradeFile(File):
    """A file of final data of UN Comtrade, as downloaded in bulk, and the areas that are groups of economies."""

    numbers: ClassVar = {"refYear": CODE, "reporterCode": CODE, "partnerCode": CODE, "primaryValue": NUMBER}
    required: ClassVar = [*numbers, "flowCode", "classificationCode", "cmdCode"]
    columns: ClassVar = dict.fromkeys([*required, *TOTALS], TEXT) | numbers | {"netWgt": NUMBER}
    groups: frozenset[int]

    @property
    def period(self) -> str:
        """Known by the name only."""
        return self.path.name

    def judge(self, cells: pa.Table, known: Mask) -> Judged:
        """See `reading.File`; exports as reported by the exporter count, in US dollars and kilograms."""
        year, exporter, importer = (_numbers(cells[name]) for name in ("refYear", "reporterCode", "partnerCode"))
        is_product = compute.match_substring_regex(cells["cmdCode"], r"^\d{5,6}$")
        product = _numbers(compute.if_else(is_product, cells["cmdCode"], None).cast(pa.int32()))
        edition = np.zeros(len(year), np.int16)
        for code, first_year in EDITIONS.items():
            edition[_true(compute.equal(cells["classificationCode"], code))] = first_year
        value = _thousandths(cells["primaryValue"], 10**3)
        unsound = [
            (_true(compute.equal(cells["flowCode"], "")), "flow is not named"),
            ((year < 0) | (year > LAST_YEAR), "year is not a number"),
            (edition == 0, "classification is not HS 1996 to HS 2022"),
            *_unsound_flow(exporter, importer, product, value, known),
        ]
        weight = cells["netWgt"] if "netWgt" in cells.column_names else pa.nulls(len(year), pa.float64())
        tons = compute.if_else(compute.is_finite(weight), compute.divide(weight, 1000.0), None)
        rows = _table(cells["line"], edition, year, exporter, importer, product, reading.dollars(value), tons)
        return rows, self._left_out(cells, exporter, importer), unsound

    def _left_out(self, cells: pa.Table, *economies: NDArray[np.int32]) -> Mask:
        """Tell which rows do not count: other flows, totals over partners or products, groups, parts of a flow."""
        out = ~_true(compute.is_in(cells["flowCode"], pa.array(["X", ""])))
        out |= _true(compute.match_substring_regex(cells["cmdCode"], r"^(TOTAL|.{1,4})$"))
        out |= np.any([np.isin(codes, [WORLD, *self.groups]) for codes in economies], axis=0)
        for name in TOTALS.keys() & set(cells.column_names):
            out |= ~_true(compute.match_substring_regex(cells[name], f"{TOTALS[name]}|^$"))
        return out


def _true(condition: Any) -> Mask:
    """Return where a condition holds; a missing value makes it false."""
    return np.asarray(condition.fill_null(False) if condition.null_count else condition, dtype=bool)


def _numbers(column: Any) -> NDArray[np.int32]:
    """Return whole numbers, −1 where there is none."""
    return np.asarray(column.fill_null(-1) if column.null_count else column)


def _thousandths(amount: pa.ChunkedArray, scale: int) -> NDArray[np.float64]:
    """Return amounts in whole thousandths of a US dollar, NaN where they are none below a trillion dollars.

    Below that a floating-point number is nearer to the amount that was written than to any other whole thousandth.
    """
    found = np.rint(amount.to_numpy() * scale)
    found[~(np.abs(found) < LIMIT)] = np.nan
    return found


def _table(*columns: Any) -> pa.Table:
    """Put columns in the order of `ROWS` together; a year that does not fit belongs to a row that is not sound."""
    arrays = [pa.array(column) if isinstance(column, np.ndarray) else column for column in columns]
    cast = [array.cast(field.type, safe=False) for array, field in zip(arrays, reading.ROWS, strict=True)]
    return pa.table(cast, schema=reading.ROWS)


def _unsound_flow(
    exporter: Array, importer: Array, product: Array, value: Array, known: Mask
) -> list[tuple[Mask, str]]:
    # Numbers below or beyond the list of economies get the place of its ends, where no economy stands.
    return [
        (~known.take(exporter, mode="clip"), "exporter is not in the list of economies"),
        (~known.take(importer, mode="clip"), "importer is not in the list of economies"),
        (exporter == importer, "exporter and importer are the same"),
        ((product < FIRST_PRODUCT) | (product >= reading.PRODUCTS), "product code is not six digits"),
        (np.isnan(value), "value is not a number below a trillion US dollars"),
        (value < 0, "value is negative"),
    ]


@dataclass(frozen=True)
class Source:
    """A folder of published files and the economies its codes stand for."""

    files: Sequence[File]
    economies: dict[int, str] = field(repr=False)
    title: str
    publication: Publication = field(repr=False)


def found(folder: Path, form: str) -> Source:
    """Find the files of a format (`baci` or `comtrade`) in a folder.

    Raises
    ------
    InputError
        An unknown format, no such folder, or one that does not hold what the format needs.
    """
    finders = {"baci": baci, "comtrade": comtrade}
    require_known("format of trade data", form, finders)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    return finders[form](folder)


def baci(folder: Path) -> Source:
    """Find the files of a release of BACI.

    Raises
    ------
    InputError
        No file, two releases of one year, no code file, missing columns, or an HS edition without concordance.
    """
    paths = sorted(folder.iterdir())
    names = {path: named for path in paths if (named := BACI_NAME.match(path.name))}
    _require(names, folder, "BACI_HS12_Y2020_V202401b.csv")
    files: dict[str, BaciFile] = {}
    for path, named in names.items():
        short = int(named[1])
        file = BaciFile(path, 1900 + short if short > 50 else 2000 + short, int(named[2]))
        classes_of(f"HS{file.edition}")
        _require_columns(file)
        if file.period in files:
            raise InputError(
                f"{folder} holds {files[file.period].path.name} and {path.name}: the same year twice. Keep one "
                "release, in one edition of the HS: each edition holds all of the year's trade."
            )
        files[file.period] = file
    lists = [path for path in paths if COUNTRY_FILE.match(path.name)]
    if len(lists) != 1:
        raise InputError(
            f"{folder} holds {len(lists)} files country_codes_V*.csv where one is needed. It comes with the release of "
            "BACI; keep it beside the yearly files, and each release in a folder of its own."
        )
    releases = ", ".join(sorted({named[3] for named in names.values()}))
    editions = ", ".join(sorted({f"HS{file.edition}" for file in files.values()}))
    return Source(list(files.values()), _baci_economies(lists[0]), f"BACI {releases} ({editions})", BACI)


def _baci_economies(path: Path) -> dict[int, str]:
    require_file(path)
    # Older releases write names of economies in Latin-1. Only codes are read, which are plain letters and digits.
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except csv.Error:
        rows = []
    names = set(rows[0]) if rows else set()
    iso3 = "iso_3digit_alpha" if "iso_3digit_alpha" in names else "country_iso3"  # releases before 2023, and since
    if not {"country_code", iso3} <= names:
        raise InputError(
            f"{path.name} cannot be read as CSV with columns country_code and country_iso3. Take it from the release."
        )
    codes = [(_code(path, row["country_code"]), row[iso3]) for row in rows]
    return {code: _iso3(code, given) for code, given in codes}


def _code(path: Path, given: object) -> int:
    """Read the numeric code of an economy."""
    if not re.fullmatch(r"\s*\d{1,4}\s*", str(given), re.ASCII):
        raise InputError(f"{path.name}: {given!r} is no numeric code of an economy.")
    return int(str(given))


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
    paths = sorted({path for end in (".csv", ".csv.gz", ".txt", ".txt.gz") for path in folder.glob(f"*{end}")})
    _require(paths, folder, "COMTRADE-FINAL-CA410201812H5.txt.gz")
    for path in paths:
        _require_columns(ComtradeFile(path, frozenset()))
    reporters = _reference(folder / "Reporters.json", "reporterCode")
    partners = _reference(folder / "partnerAreas.json", "PartnerCode")
    groups = frozenset(code for areas in (reporters, partners) for code, iso3 in areas.items() if iso3 is None)
    economies = {code: iso3 for code, iso3 in (reporters | partners).items() if iso3 is not None and code not in groups}
    return Source(
        [ComtradeFile(path, groups) for path in paths], economies, "UN Comtrade, final data in bulk", COMTRADE
    )


def _reference(path: Path, key: str) -> dict[int, str | None]:
    """Return the alpha-3 code of each area; None for the world and other groups, whose trade is that of members."""
    if not path.is_file():
        raise InputError(
            f"{path} is missing. UN Comtrade publishes it among its reference tables; keep it beside the data files."
        )
    try:
        records = json.loads(path.read_text(encoding="utf-8-sig"))["results"]
        given = {_code(path, area[key]): (area.get(f"{key}IsoAlpha3"), area.get("isGroup")) for area in records}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{path.name} is no reference table of UN Comtrade: JSON whose `results` hold {key}. Fetch it again."
        ) from None
    return {code: None if group or code == WORLD else _iso3(code, iso3) for code, (iso3, group) in given.items()}


def _require(paths: Collection[Path], folder: Path, example: str) -> None:
    if not paths:
        packed = " Unpack the zip archive first." if any(folder.glob("*.zip")) else ""
        raise InputError(f"{folder} holds no data file such as {example}.{packed}")


def _require_columns(file: BaciFile | ComtradeFile) -> None:
    names, _ = reading.header(file.path)
    if not any(names):
        raise InputError(f"{file.path.name} is empty. Download it again.")
    if missing := [name for name in file.required if name not in names]:
        raise InputError(
            f"{file.path.name}, line 1: column {', '.join(missing)} missing. Found: {', '.join(names[:12])}."
        )
    if twice := [name for name in file.columns if names.count(name) > 1]:
        raise InputError(f"{file.path.name}, line 1: column {', '.join(twice)} stands there twice.")
