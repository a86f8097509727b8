"""The same trade as the exporter and as the importer report it."""

from collections.abc import Mapping

import pandas as pd

from helpers.errors import InputError

#: UN Comtrade reports Taiwan under this name.
PARTNERS = {"Hong Kong, China": "HKG", "Other Asia, nes": "TWN", "Vietnam": "VNM", "China": "CHN"}


def partner_codes(names: Mapping[str, str], partners: pd.Series) -> pd.Series:
    """Return alpha-3 codes of partner names; a name without a code is missing.

    Parameters
    ----------
    names : mapping
        Alpha-3 code to name.
    partners : Series of str
        Names as the producer writes them.
    """
    codes = {name: code for code, name in names.items()} | PARTNERS
    return partners.map(codes)


def mirror(exports: pd.DataFrame, imports: pd.DataFrame) -> pd.DataFrame:
    """Set exporter-reported beside importer-reported trade.

    Parameters
    ----------
    exports : DataFrame
        `iso3` (destination), `year`, `usd_mn`: what the exporter reports (f.o.b.).
    imports : DataFrame
        `iso3` (importer), `year`, `usd_mn`: what importers report (c.i.f., by origin).

    Returns
    -------
    DataFrame
        `iso3, year, exporter_reported, importer_reported` (million US$), `gap` (million US$, importer minus
        exporter) and `ratio` (importer / exporter).

    Raises
    ------
    InputError
        No pair of destination and year is in both.
    """
    both = exports.merge(imports, on=["iso3", "year"], suffixes=("_exporter", "_importer")).dropna()
    if both.empty:
        raise InputError("No destination and year is reported by both sides, so there is nothing to compare.")
    both = both.rename(columns={"usd_mn_exporter": "exporter_reported", "usd_mn_importer": "importer_reported"})
    both["gap"] = both["importer_reported"] - both["exporter_reported"]
    both["ratio"] = both["importer_reported"] / both["exporter_reported"]
    return both.sort_values(["iso3", "year"]).reset_index(drop=True)
