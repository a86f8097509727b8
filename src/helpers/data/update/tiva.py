"""OECD, Trade in Value Added (TiVA): whose value added is in exports, as the OECD publishes it.

The figures do not enter the embedded tables: they are what measures from ingested input-output tables are compared
with (`reshoring io compare`). They are shares of gross exports, of all industries and of manufacturing.
"""

import os
from collections.abc import Iterable, Sequence

import pandas as pd

from helpers import files
from helpers.data import economies
from helpers.data.update import sdmx, settings
from helpers.data.update.client import Client
from helpers.data.update.downloads import Landed, land, manifest
from helpers.errors import InputError, WorkError

TITLE = "OECD, Trade in Value Added"
#: The dataflows of TiVA are kept apart from the OECD's others.
ADDRESS = "https://sdmx.oecd.org/sti-public/rest"
SOURCE = "tiva"
TERMS = "OECD, Trade in Value Added: CC BY 4.0, cite. https://www.oecd.org/en/topics/trade-in-value-added.html"
#: Principal indicators, shares; version 1.1 is the edition of 2025.
FLOW = "OECD.STI.PIE,DSD_TIVA_MAINSH@DF_MAINSH,1.1"
MEASURES = {"EXGR_FVA": "foreign", "EXGR_DVA": "domestic"}
ALL, MANUFACTURING = "_T", "C"
QUERY = sdmx.Query(
    "OECD Trade in Value Added, value added in gross exports",
    {
        "MEASURE": set(MEASURES),
        "ACTIVITY": {ALL, MANUFACTURING},
        "COUNTERPART_AREA": {"W"},
        "UNIT_MEASURE": {"PT_EXGR"},
        "FREQ": {"A"},
    },
    besides={"UNIT_MULT": "0"},
    parameters={"start_period": "1995"},
)
WHAT = QUERY.what
KEY = ["iso3", "year", "activity"]
#: How far the two shares may be from adding up to 100: they are published to three digits.
ROUNDING = 0.01
KEPT = 0.9


def fetch(client: Client, areas: Sequence[str], years: Sequence[int]) -> list[Landed]:
    """Fetch the shares of foreign and domestic value added in exports, of every economy and year.

    Parameters
    ----------
    client : Client
    areas, years : sequence
        None: the indicators come whole.

    Raises
    ------
    InputError
        Economies or years were named, or RESHORING_TIVA_FLOW is not AGENCY,NAME,VERSION.
    WorkError
        No usable answer, figures that cannot be right, or many fewer than before.
    """
    if areas or years:
        raise InputError("tiva comes whole: leave --economy and --year out, and narrow `reshoring io compare` instead.")
    setting = settings.variable(SOURCE, "FLOW")
    flow = sdmx.parse_flow(os.environ.get(setting, "").strip() or FLOW, setting)
    rows, answer, structure = sdmx.ask(client, flow, QUERY)
    table = shares(sdmx.wanted(rows, QUERY))
    name = f"{flow.name.rpartition('@')[2]}-{structure.version}.csv"
    before = fetched(name)
    if before is not None and len(table) < KEPT * len(before):
        raise WorkError(
            f"{WHAT}: {len(table)} figures came in where {len(before)} are there. Nothing was changed; if this is "
            f"right, remove build/fetched/{SOURCE}/{name} first."
        )
    published = f"{answer.changed:%Y-%m-%d}" if answer.changed else ""
    edition = f"{structure.title}, version {structure.version}"
    return [land(SOURCE, table.to_csv(index=False), name, answer.url, published, edition)]


def shares(rows: Iterable[sdmx.Row]) -> pd.DataFrame:
    """Return the published shares, one row an economy, year and activity.

    Returns
    -------
    DataFrame
        `iso3, year, activity` (`_T`: all industries, `C`: manufacturing), `foreign, domestic` (percent of gross
        exports), sorted. Groups of economies are left out.

    Raises
    ------
    WorkError
        No figure, one twice or outside 0 to 100, or shares that do not add up.
    """
    known = set(economies.known())
    found = [_figure(row) for row in rows if row[QUERY.area] in known]
    table = pd.DataFrame(found, columns=[*KEY, "measure", "percent"])
    if table.empty:
        raise WorkError(f"{WHAT}: no figure came in. The series was withdrawn or renamed; nothing was changed.")
    if len(twice := table[table.duplicated([*KEY, "measure"])]):
        raise WorkError(f"{WHAT}: {_place(twice.iloc[0])} came in more than once. The answer was not used.")
    wide = table.pivot(index=KEY, columns="measure", values="percent").reset_index().rename_axis(columns=None)
    # The value added in exports is either domestic or foreign.
    total = wide.reindex(columns=list(MEASURES.values())).sum(axis=1, skipna=False)
    for at, found in total[~((total - 100).abs() <= ROUNDING)].items():
        problem = "not both there" if pd.isna(found) else f"{found:.3f} together, not 100"
        raise WorkError(f"{WHAT}: the two shares of {_place(wide.loc[at])} are {problem}. The answer was not used.")
    return wide[[*KEY, *MEASURES.values()]]


def _figure(row: sdmx.Row) -> tuple[str, int, str, str, float]:
    area, period, value = row[QUERY.area], row[sdmx.TIME], row[sdmx.VALUE]
    try:
        year, percent = int(period), float(value)
    except ValueError:
        year, percent = 0, -1.0
    if not 0 <= percent <= 100:
        raise WorkError(f"{WHAT}: {area} {period} is {value!r}, no percentage of a year. The answer was not used.")
    return area, year, row["ACTIVITY"], MEASURES[row["MEASURE"]], percent


def _place(row: pd.Series) -> str:
    return f"{row['iso3']} {row['year']} ({row['activity']})"


def fetched(name: str) -> pd.DataFrame | None:
    """Return the shares of a file that was fetched, None when it is not there; columns as `shares`.

    Raises
    ------
    WorkError
        It is not as it was fetched.
    """
    path, entry = settings.fetched(SOURCE) / name, manifest(SOURCE).get(name)
    if entry is None or not path.is_file():
        return None
    if files.sha256(path) != entry.sha256:
        raise WorkError(f"{path} is not as it was fetched. Remove it, and fetch again: reshoring data update {SOURCE}")
    return pd.read_csv(path)


def newest() -> tuple[pd.DataFrame, str]:
    """Return the shares of the newest version that was fetched, and its edition in words.

    Raises
    ------
    InputError
        None was fetched.
    """
    for name in sorted(manifest(SOURCE), reverse=True):
        if (table := fetched(name)) is not None:
            return table, manifest(SOURCE)[name].edition
    raise InputError(f"The OECD's indicators have not been fetched: reshoring data update {SOURCE}")
