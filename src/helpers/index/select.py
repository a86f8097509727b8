"""From tidy tables to one value for each economy and indicator, with its year and flag."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.errors import InputError
from helpers.index.definitions import ICT, INDICATORS, NAMES, high_tech_fields
from helpers.index.parameters import InnovationIndexParameters


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
    """
    return shares_of(grants_by_field(patents), fields, minimum_patents)


def grants_by_field(patents: pd.DataFrame) -> pd.DataFrame:
    """Return the grants of each economy and year, one column a field, with ``total`` and ``flag`` (of the total)."""
    economies = patents[patents["iso3"] != "WLD"]
    wide = economies.pivot(index=["iso3", "year"], columns="field", values="grants")
    return wide.join(_total_flags(economies), how="left")


def shares_of(grants: pd.DataFrame, fields: Sequence[str], minimum_patents: int = 0) -> pd.DataFrame:
    """Return what `patent_share` does, from the grants by field of `grants_by_field`."""
    share = per(grants[list(fields)].sum(axis=1), grants.loc[:, "total"], scale=100, minimum=max(minimum_patents, 1))
    return (
        grants[["flag"]].assign(value=share).dropna(subset=["value"]).reset_index()[["iso3", "year", "value", "flag"]]
    )


def per(values: pd.Series, denominator: pd.Series, *, scale: float = 1.0, minimum: float | None = None) -> pd.Series:
    """Return values per unit of a denominator, such as patents per million people (scale 1e6).

    Parameters
    ----------
    values, denominator : pandas.Series
        By economy; an economy without a denominator gets no value.
    scale : float
        Units of the denominator that one value is for.
    minimum : float, optional
        Smallest denominator that counts; with less the ratio would say nothing, and the value is missing.
    """
    known = denominator.reindex(values.index)
    return scale * values / (known if minimum is None else known.where(known >= minimum))


def _total_flags(patents: pd.DataFrame) -> pd.Series:
    totals = patents[patents["field"] == "total"]
    return totals.assign(flag=totals.get("flag", "")).set_index(["iso3", "year"])["flag"]


def indicator_values(
    name: str, tables: Mapping[str, pd.DataFrame], parameters: InnovationIndexParameters
) -> pd.DataFrame:
    """Return value, year and flag of one indicator by economy, as the parameters choose them.

    The ICT Development Index is an edition: its newest year is used whatever the year asked for.
    """
    table = tables[next(indicator.table for indicator in INDICATORS if indicator.name == name)]
    year, age = parameters.reference_year(), parameters.maximum_age
    if name == "hightech_patent_share":
        table = patent_share(table, high_tech_fields(parameters.high_tech_fields), parameters.minimum_patents)
    if name == ICT:
        year, age = int(table["year"].max()), 0
    return newest(table, year, age)


def select(
    tables: Mapping[str, pd.DataFrame],
    parameters: InnovationIndexParameters,
    members: Sequence[str],
    population: pd.DataFrame | None = None,
) -> Selection:
    """Select one value for each economy and indicator and screen the economies.

    Parameters
    ----------
    tables : mapping
        The four indicator tables by name, each in the vintage chosen.
    parameters : InnovationIndexParameters
        Year, age, minima, fields.
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
    found = {name: indicator_values(name, tables, parameters).reindex(sorted(members)) for name in NAMES}
    values, years, flags = (pd.DataFrame({name: rows[column] for name, rows in found.items()}) for column in _COLUMNS)
    excluded = _reasons(values, parameters, population)
    kept = excluded.index[excluded == ""]
    if kept.empty:
        raise InputError("No economy of the group has a value. Choose another year, vintage or group.")
    flags = flags.where(values.notna(), "").fillna("").astype(object)
    return Selection(values.loc[kept], years.loc[kept], flags.loc[kept], excluded[excluded != ""])


_COLUMNS = ("value", "year", "flag")


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
    share = values.notna().mean(axis=1)
    return share >= minimum_coverage - 1e-12


def read_tables(
    load: Callable[[str, str], pd.DataFrame], parameters: InnovationIndexParameters
) -> dict[str, pd.DataFrame]:
    """Load the four indicator tables in the vintages chosen; `load` is ``helpers.data.load``."""
    return {indicator.table: load(indicator.table, parameters.vintage(indicator.table)) for indicator in INDICATORS}
