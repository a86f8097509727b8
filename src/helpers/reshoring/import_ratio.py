"""Manufacturing import ratio: manufactures from low-cost economies per domestic manufacturing output.

Measure: Kearney's ratio and index. Kearney counts all manufactured imports of the USA from 14 Asian economies; WIOD
release 2013 names only some of them, so the list is a parameter and the level is lower than Kearney's.
"""

from collections.abc import Sequence

import pandas as pd

from helpers.errors import require_known

#: Kearney's fourteen low-cost economies of Asia.
KEARNEY_ECONOMIES = ["CHN", "TWN", "MYS", "IND", "VNM", "THA", "IDN", "SGP", "PHL", "BGD", "PAK", "HKG", "LKA", "KHM"]
RATIO = "Kearney manufacturing import ratio"


def manufacturing_import_ratio(imports: pd.DataFrame, output: pd.Series, low_cost: Sequence[str]) -> pd.DataFrame:
    """Return the ratio and its index by economy and year.

    Parameters
    ----------
    imports : DataFrame
        `importer, source, year, value`: imports of manufactures, million US$.
    output : Series
        Gross output of manufacturing, million US$, indexed by `iso3, year`.
    low_cost : sequence of str
        Sources counted as low-cost; an economy's purchases from itself never count.

    Returns
    -------
    DataFrame
        `iso3, year, imports, output, ratio` (percent) and `index` (minus the yearly change of the ratio, in basis
        points: positive = production comes home).

    Raises
    ------
    InputError
        A source the imports do not name: it would be left out without a sign.
    """
    for code in low_cost:
        require_known("source economy", code, sorted(imports["source"].unique()))
    counted = imports[imports["source"].isin(list(low_cost)) & (imports["source"] != imports["importer"])]
    sums = counted.groupby(["importer", "year"])["value"].sum().rename_axis(["iso3", "year"])
    table = pd.DataFrame({"imports": sums, "output": output}).dropna().sort_index()
    table["ratio"] = 100 * table["imports"] / table["output"]
    table["index"] = -100 * table["ratio"].groupby(level="iso3").diff()
    return table.reset_index()


def input_imports(by_source: pd.DataFrame) -> pd.DataFrame:
    """Return manufactured inputs of manufacturing by source, as `manufacturing_import_ratio` wants imports."""
    names = {"iso3": "importer", "source_iso3": "source", "inputs_manufactured": "value"}
    return by_source[["iso3", "source_iso3", "year", "inputs_manufactured"]].rename(columns=names)


def all_imports(bilateral: pd.DataFrame) -> pd.DataFrame:
    """Return all imports of manufactures (for intermediate and final use) by source."""
    kept = bilateral[bilateral["scope"] == "manufacturing"]
    value = kept["intermediate"] + kept["final"]
    return kept.assign(value=value, source=kept["exporter"])[["importer", "source", "year", "value"]]


def by_source(
    imports: pd.DataFrame, output: pd.Series, economies: Sequence[str], sources: Sequence[str], year: int
) -> pd.DataFrame:
    """Return what each source adds to the import ratio of several economies in one year.

    Parameters
    ----------
    imports : DataFrame
        `importer, source, year, value` (million US$).
    output : Series
        Gross output of manufacturing, million US$, indexed by `iso3, year`.
    economies, sources : sequence of str
        Importers shown, and sources counted.
    year : int
        The year.

    Returns
    -------
    DataFrame
        Indexed by source, a column for each economy: percent of its manufacturing output; its own deliveries are
        missing. The last row, `all listed`, is the ratio.
    """
    foreign = imports[(imports["year"] == year) & (imports["source"] != imports["importer"])]
    wide = foreign.pivot(index="source", columns="importer", values="value").reindex(list(sources))[list(economies)]
    ratios = 100 * wide / output.xs(year, level="year")[list(economies)]
    return pd.concat([ratios, ratios.sum().to_frame("all listed").T]).rename_axis(index="source")


def manufacturing_output(table: pd.DataFrame) -> pd.Series:
    """Return gross output of all manufacturing, million US$, indexed by `iso3, year`."""
    return table.groupby(["iso3", "year"])["gross_output"].sum()


def beside_kearney(ratio: pd.DataFrame, counts: pd.DataFrame, derived: pd.DataFrame) -> pd.DataFrame:
    """Return the US ratio and index computed here beside Kearney's published and derived figures.

    Parameters
    ----------
    ratio : DataFrame
        From `manufacturing_import_ratio`.
    counts, derived : DataFrame
        Figures that Kearney printed, and those derived from them: `iso3, year, measure, value`.

    Returns
    -------
    DataFrame
        Indexed by year: `ratio here, index here`, `ratio published` and `published` (the index), each with how it was
        come by (`ratio is, index is`: printed or derived); years with neither index are left out.
    """
    here = ratio[ratio["iso3"] == "USA"].set_index("year")[["ratio", "index"]]
    here = here.rename(columns={"ratio": "ratio here", "index": "index here"})
    both = pd.concat([counts.assign(kind="printed"), derived.assign(kind="derived")])
    published = _kearney(both, "Kearney US Reshoring Index").rename(columns={"value": "published", "kind": "index is"})
    ratios = _kearney(both, RATIO).rename(columns={"value": "ratio published", "kind": "ratio is"})
    table = here.join([ratios, published], how="outer")
    return table.dropna(subset=["index here", "published"], how="all")


def published_ratio(counts: pd.DataFrame, derived: pd.DataFrame) -> pd.DataFrame:
    """Return the ratio as Kearney's reports from 2022 on have it, printed or derived: `iso3, year, value` (percent).

    Earlier reports revise one another and give single years, which are not on the same footing.
    """
    both = pd.concat([counts, derived])
    kept = both[
        both["measure"].str.startswith(RATIO) & (both["source_id"].str[-6:].str.extract(r"(\d{4})")[0] >= "2022")
    ]
    return kept.sort_values("year")[["iso3", "year", "value"]]


def _kearney(counts: pd.DataFrame, measure: str) -> pd.DataFrame:
    kept = counts[(counts["iso3"] == "USA") & counts["measure"].str.startswith(measure)]
    return kept.set_index("year")[["value", "kind"]].sort_index()
