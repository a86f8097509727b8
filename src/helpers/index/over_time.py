"""The index over the years: fixed goalposts, exact decomposition of a change, and what data revisions do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.data import economies
from helpers.index.definitions import ICT, ICT_OVER_TIME, PATENTS, SHORT_LABELS, high_tech_fields
from helpers.index.normalise import goalposts
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.ranking import ranks
from helpers.index.select import covered, newest, patent_share, select
from helpers.index.specification import BENEFIT_OF_THE_DOUBT, Specification, composite
from helpers.index.standings import rank_frame

#: Tables behind the series over time.
TABLES = ("rd_gdp", "hightech_exports_share", PATENTS, ICT_OVER_TIME)
#: Columns of `revisions`.
REVISION_COLUMNS = (
    "iso3",
    "table",
    "vintage",
    *(f"{what}_{when}" for what in ("value", "score", "rank") for when in ("before", "after")),
)
#: Years a value may be older than the year: R&D and the ICT series come every second year for many economies.
MAXIMUM_AGE = 2


@dataclass(frozen=True)
class Series:
    """The index by year.

    Attributes
    ----------
    scores, ranks : pandas.DataFrame
        Economies (iso3) by year.
    contributions : pandas.DataFrame
        Index (iso3, year), one column an indicator; the rows sum to the scores exactly.
    """

    scores: pd.DataFrame
    ranks: pd.DataFrame
    contributions: pd.DataFrame


def years_with_data(tables: Mapping[str, pd.DataFrame], parameters: InnovationIndexParameters) -> list[int]:
    """Return the years from the first one asked for to the last in which all four series have values in reach."""
    lasts = [int(tables[name]["year"].max()) for name in TABLES]
    last = min(*(found + MAXIMUM_AGE for found in lasts), parameters.reference_year(), lasts[2])
    return list(range(parameters.first_year, last + 1))


def values_by_year(
    tables: Mapping[str, pd.DataFrame],
    parameters: InnovationIndexParameters,
    years: Sequence[int],
    members: Sequence[str],
) -> pd.DataFrame:
    """Return the values of all years, index (iso3, year); the ICT series is the one that has several years."""
    sources = {
        "rd_gdp": tables["rd_gdp"],
        "hightech_exports_share": tables["hightech_exports_share"],
        "hightech_patent_share": patent_share(
            tables[PATENTS], high_tech_fields(parameters.high_tech_fields), parameters.minimum_patents
        ),
        ICT: tables[ICT_OVER_TIME],
    }
    economies = sorted(members)

    def values_in(year: int) -> pd.DataFrame:
        columns = {name: newest(table, year, MAXIMUM_AGE)["value"] for name, table in sources.items()}
        return pd.DataFrame({name: column.reindex(economies) for name, column in columns.items()})

    by_year = {year: values_in(year) for year in years}
    return pd.concat(by_year, names=["year", "iso3"]).swaplevel().sort_index()


def always_covered(values: pd.DataFrame, minimum_coverage: float) -> pd.DataFrame:
    """Keep the economies that have the minimum coverage in every year, so that ranks of different years compare."""
    enough = covered(values, minimum_coverage).groupby("iso3").all()
    return values[values.index.get_level_values("iso3").isin(enough.index[enough])]


def index_by_year(values: pd.DataFrame, weights: Mapping[str, float]) -> Series:
    """Compute the index of each year on goalposts fixed over all years: the lowest and highest value of each indicator.

    Arithmetic mean with the weights re-scaled over what is present; each indicator's contribution is its weight times
    its score.
    """
    matrix = values.to_numpy(float)
    scaled = goalposts(matrix, np.nanmin(matrix, axis=0), np.nanmax(matrix, axis=0))
    w = np.array([weights[str(name)] for name in values.columns])
    present = ~np.isnan(scaled) * w
    parts = np.where(np.isnan(scaled), 0.0, scaled) * present / present.sum(axis=1, keepdims=True)
    contributions = pd.DataFrame(parts, values.index, values.columns)
    scores = contributions.sum(axis=1).unstack("year")
    return Series(scores, rank_frame(scores), contributions)


def decomposition(series: Series, economy: str, first: int, last: int) -> pd.DataFrame:
    """Return what each indicator contributed to the change of an economy's score; the changes sum to it exactly."""
    before, after = (series.contributions.loc[(economy, year)] for year in (first, last))
    return pd.DataFrame({"first": before, "last": after, "change": after - before})


def changes(series: Series, first: int, last: int) -> pd.DataFrame:
    """Return the decomposed change of every economy: one column an indicator, and ``total``."""
    parts = series.contributions.xs(last, level="year") - series.contributions.xs(first, level="year")
    return parts.assign(total=parts.sum(axis=1))


def revisions(
    tables: Mapping[str, pd.DataFrame],
    parameters: InnovationIndexParameters,
    members: Sequence[str],
    *,
    context: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what another vintage of one table alone does to the same year's index.

    Everything else stays as in the base index, also the weights that follow from its data and the economies compared:
    one that only the other vintage has enough values for would push ranks down without any value being revised. Ranks
    are those among the economies that both vintages have enough values for.

    Parameters
    ----------
    tables : mapping
        The four indicator tables with all their vintages.
    parameters : InnovationIndexParameters
        The base index.
    members : sequence of str
        Economies of the group.
    context, population : pandas.DataFrame, optional
        What imputation and a minimum population need.

    Returns
    -------
    pandas.DataFrame
        One row an economy and vintage: iso3, table, vintage, value before and after, score and rank before and after.
    """
    specification = Specification.of(parameters)
    base = _ranked(tables, parameters, members, population)
    if base is None:
        return pd.DataFrame(columns=list(REVISION_COLUMNS), dtype=float)
    index = composite(base, specification, context)
    if specification.weights != BENEFIT_OF_THE_DOUBT:
        specification = replace(specification, weights=index.weights.to_dict())
    before = base.assign(score=index.scores)
    parts = [
        _beside(before, values.assign(score=composite(values, specification, context).scores), table, vintage)
        for table, vintage, changed in _other_vintages(tables, parameters)
        if (values := _ranked(tables, changed, list(base.index), population)) is not None
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(REVISION_COLUMNS), dtype=float)


def _other_vintages(
    tables: Mapping[str, pd.DataFrame], parameters: InnovationIndexParameters
) -> Iterator[tuple[str, str, InnovationIndexParameters]]:
    fields = {"rd_gdp": "rd_gdp_vintage", "hightech_exports_share": "hightech_exports_share_vintage"}
    for table, field in fields.items():
        for vintage in sorted(set(tables[table]["vintage"]) - {parameters.vintage(table)}):
            yield table, vintage, parameters.model_copy(update={field: vintage})


def _ranked(
    tables: Mapping[str, pd.DataFrame],
    parameters: InnovationIndexParameters,
    members: Sequence[str],
    population: pd.DataFrame | None,
) -> pd.DataFrame | None:
    """Return the values of the economies with enough of them, None where an indicator is missing for most."""
    vintages = parameters.vintages()
    one = {name: _vintage(table, vintages[name]) for name, table in tables.items() if name in vintages}
    values = select(one, parameters, members, population).values
    if values.count().min() < len(values) / 2:
        return None
    return values[covered(values, parameters.minimum_coverage)]


def _vintage(table: pd.DataFrame, vintage: str) -> pd.DataFrame:
    return table[table["vintage"] == vintage] if "vintage" in table else table


def _beside(base: pd.DataFrame, after: pd.DataFrame, table: str, vintage: str) -> pd.DataFrame:
    both = base.index.intersection(after.index)
    return pd.DataFrame(
        {
            "iso3": both,
            "table": table,
            "vintage": vintage,
            "value_before": base.loc[both, table].to_numpy(),
            "value_after": after.loc[both, table].to_numpy(),
            "score_before": base.loc[both, "score"].to_numpy(),
            "score_after": after.loc[both, "score"].to_numpy(),
            "rank_before": ranks(base.loc[both, "score"].to_numpy()),
            "rank_after": ranks(after.loc[both, "score"].to_numpy()),
        }
    )


def flagged(tables: Mapping[str, pd.DataFrame], series: Series) -> pd.DataFrame:
    """Return the flagged values of the economies and years of a series: iso3, flag (one row an economy and flag)."""
    parts = []
    for name in ("rd_gdp", "hightech_exports_share"):
        rows = tables[name]
        shown = rows["iso3"].isin(series.ranks.index) & rows["year"].isin(series.ranks.columns) & (rows["flag"] != "")
        labels = SHORT_LABELS[name] + ": " + rows.loc[shown, "flag"]
        parts.append(rows.loc[shown, ["iso3"]].assign(flag=labels))
    return pd.concat(parts).drop_duplicates(ignore_index=True)


def readable(revised: pd.DataFrame, focus: str, others: int = 5) -> pd.DataFrame:
    """Return the revisions of the focus economy and of the economies whose rank moves most, for readers."""
    if revised.empty:
        return pd.DataFrame({"economy": [], "series": [], "vintage": []})
    moved = revised.assign(change=revised["rank_after"] - revised["rank_before"])
    largest = moved[moved["iso3"] != focus].sort_values("change", key=abs, ascending=False, kind="stable").head(others)
    table = pd.concat([moved[moved["iso3"] == focus], largest])
    table["iso3"] = [economies.name(code) for code in table["iso3"]]
    table["table"] = table["table"].map(SHORT_LABELS)
    whole = dict.fromkeys(("rank_before", "rank_after", "change"), int)
    table = (
        table.astype(whole)
        .rename(columns={"iso3": "economy", "table": "series"})
        .rename(columns=lambda name: name.replace("_", " "))
    )
    return table.drop(columns=["score before", "score after"]).reset_index(drop=True)


def by_economy(series: Series) -> pd.DataFrame:
    """Return score and rank of each economy and year, index (iso3, year)."""
    return pd.DataFrame({"score": series.scores.stack(), "rank": series.ranks.stack()}).rename_axis(["iso3", "year"])
