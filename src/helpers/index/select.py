"""From tidy tables to one value for each economy and indicator, with its year and flag."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.errors import InputError
from helpers.index.definitions import PATENT_SHARE, Indicator, high_tech_fields
from helpers.index.parameters import InnovationIndexParameters

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Selection:
    """Values of the indicators, and what the reader must know about each of them.

    Attributes
    ----------
    values, years : pandas.DataFrame
        Economies (index ``iso3``, sorted) by indicators; NaN = no value that qualifies.
    flags : pandas.DataFrame
        The same shape, text, empty where nothing is to be said.
    excluded : pandas.Series
        Reason by economy, for the members of the group that are not in `values`.
    """

    values: pd.DataFrame
    years: pd.DataFrame
    flags: pd.DataFrame
    excluded: pd.Series


def newest(table: pd.DataFrame, year: int, maximum_age: int) -> pd.DataFrame:
    """Return each economy's newest row of a tidy table that is not younger than `year` nor older than allowed.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns iso3, year, value, possibly flag; one vintage.
    year : int
        Newest year that counts.
    maximum_age : int
        Years a value may be older than `year`.

    Returns
    -------
    pandas.DataFrame
        Index iso3; columns value, year, flag.
    """
    fits = table[table["year"].between(year - maximum_age, year)].dropna(subset=["value"])
    rows = fits.sort_values("year").groupby("iso3").tail(1).set_index("iso3").sort_index()
    return rows.assign(flag=rows.get("flag", ""))[["value", "year", "flag"]]


def patent_share(patents: pd.DataFrame, fields: Sequence[str], minimum_patents: int = 0) -> pd.DataFrame:
    """Return the share of high-tech fields in all patents, in percent, tidy (iso3, year, value, flag).

    Economies and years with fewer patents than `minimum_patents` have no share: with a handful of patents it would
    say nothing. The total includes patents of no known field.

    Parameters
    ----------
    patents : pandas.DataFrame
        Tidy: iso3, year, field, grants.
    fields : sequence of str
        Fields that count as high-tech.
    minimum_patents : int
        Smallest total (grants a year).
    """
    return shares_of(grants_by_field(patents), fields, minimum_patents)


def grants_by_field(patents: pd.DataFrame) -> pd.DataFrame:
    """Return the grants of each economy and year, one column a field, with ``total`` and ``flag`` (of the total)."""
    economies = patents[patents["iso3"] != "WLD"]
    wide = economies.pivot(index=["iso3", "year"], columns="field", values="grants")
    totals = economies[economies["field"] == "total"]
    flags = totals.assign(flag=totals.get("flag", "")).set_index(["iso3", "year"])["flag"]
    return wide.join(flags, how="left")


def shares_of(grants: pd.DataFrame, fields: Sequence[str], minimum_patents: int) -> pd.DataFrame:
    """Return what `patent_share` does, from the grants by field of `grants_by_field`.

    Parameters
    ----------
    grants : pandas.DataFrame
        Index (iso3, year), one column a field.
    fields, minimum_patents
        As in `patent_share`.
    """
    total = grants["total"].where(grants["total"] >= max(minimum_patents, 1))
    share = 100 * grants[list(fields)].sum(axis=1) / total
    return (
        grants[["flag"]].assign(value=share).dropna(subset=["value"]).reset_index()[["iso3", "year", "value", "flag"]]
    )


def one_vintage(table: pd.DataFrame, vintage: str) -> pd.DataFrame:
    """Return the rows of one vintage of a table; all of them where the table has no such column."""
    return table[table["vintage"] == vintage] if "vintage" in table else table


def tidy(one: Indicator, table: pd.DataFrame, parameters: InnovationIndexParameters) -> pd.DataFrame:
    """Return the values of an indicator for all years, tidy: its table as it is, but for the share of patents.

    Parameters
    ----------
    one : Indicator
        Which one.
    table : pandas.DataFrame
        Its table, one vintage.
    parameters : InnovationIndexParameters
        How the share of patents is made.
    """
    if one.name != PATENT_SHARE:
        return table
    return patent_share(table, high_tech_fields(parameters.high_tech_fields), parameters.minimum_patents)


def reach(one: Indicator, table: pd.DataFrame, parameters: InnovationIndexParameters) -> tuple[int, int]:
    """Return the year asked for and the largest age; of an edition its newest year, whatever the year asked for.

    Parameters
    ----------
    one : Indicator
        Which one.
    table : pandas.DataFrame
        Its table, one vintage.
    parameters : InnovationIndexParameters
        Year and maximum age.
    """
    return (int(table["year"].max()), 0) if one.edition else (parameters.reference_year(), parameters.maximum_age)


def select(
    tables: Tables,
    parameters: InnovationIndexParameters,
    members: Sequence[str],
    population: pd.DataFrame | None = None,
) -> Selection:
    """Select one value for each economy and indicator and screen the economies.

    Parameters
    ----------
    tables : mapping
        The tables of the indicators by name, each in the vintage chosen.
    parameters : InnovationIndexParameters
        Indicators, year, age, minima, fields.
    members : sequence of str
        Economies of the group.
    population : pandas.DataFrame, optional
        Tidy population (iso3, year, value); needed with a minimum population.

    Returns
    -------
    Selection
        Only economies with at least one value.

    Raises
    ------
    InputError
        Population missing though a minimum is asked for; no economy with a value.
    """
    found = {}
    for one in parameters.definitions():
        table = tables[one.table]
        rows = newest(tidy(one, table, parameters), *reach(one, table, parameters))
        found[one.name] = rows.reindex(sorted(members))
    values, years, flags = (
        pd.DataFrame({name: rows[column] for name, rows in found.items()}) for column in ("value", "year", "flag")
    )
    excluded = _reasons(values, parameters, population)
    kept = excluded.index[excluded == ""]
    if kept.empty:
        raise InputError("No economy of the group has a value. Choose another year, vintage or group.")
    flags = flags.where(values.notna(), "").fillna("").astype(object)
    return Selection(values.loc[kept], years.loc[kept], flags.loc[kept], excluded[excluded != ""])


def _reasons(values: pd.DataFrame, parameters: InnovationIndexParameters, population: pd.DataFrame | None) -> pd.Series:
    reason = pd.Series("", index=values.index, dtype=object)
    reason[values.notna().sum(axis=1) == 0] = "no value of any indicator"
    if parameters.minimum_population:
        if population is None:
            raise InputError("A minimum population was asked for, but no population was given.")
        people = newest(population, parameters.reference_year(), 5)["value"].reindex(values.index)
        reason[people < parameters.minimum_population] = f"fewer than {parameters.minimum_population:,} people"
        reason[people.isna()] = "population unknown"
    return reason


def covered(values: pd.DataFrame, minimum_coverage: float) -> pd.Series:
    """Tell which economies have at least this share of the indicators, as booleans by economy."""
    return values.notna().mean(axis=1) >= minimum_coverage - 1e-12


def read_tables(
    load: Callable[[str, str | None], pd.DataFrame], parameters: InnovationIndexParameters
) -> dict[str, pd.DataFrame]:
    """Load the tables that an index reads, those of the indicators in the vintages chosen; `load` is that of `data`."""
    return {table: load(table, parameters.vintages().get(table)) for table in parameters.tables()}
