"""The index over the years: fixed goalposts, exact decomposition of a change, and what data revisions do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.data import economies
from helpers.index.definitions import PATENT_SHARE, short_labels
from helpers.index.normalise import minmax, oriented
from helpers.index.parameters import VINTAGE_FIELDS, InnovationIndexParameters
from helpers.index.select import Tables, covered, newest, one_vintage, select, tidy
from helpers.index.specification import BENEFIT_OF_THE_DOUBT, Specification, composite, ranked

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

    def by_economy(self) -> pd.DataFrame:
        """Return score and rank of each economy and year, index (iso3, year)."""
        columns = {"score": self.scores.stack(), "rank": self.ranks.stack()}
        return pd.DataFrame(columns).rename_axis(["iso3", "year"])


def years_with_data(tables: Tables, parameters: InnovationIndexParameters) -> list[int]:
    """Return the years from the first one asked for to the last in which all series have values in reach."""
    lasts = {one.name: int(tables[one.over_time]["year"].max()) for one in parameters.definitions()}
    last = min(*(found + MAXIMUM_AGE for found in lasts.values()), parameters.reference_year())
    # Patents are counted for every year: a share that is carried on would only hide that the counts end.
    return list(range(parameters.first_year, min(last, lasts.get(PATENT_SHARE, last)) + 1))


def values_by_year(
    tables: Tables, parameters: InnovationIndexParameters, years: Sequence[int], members: Sequence[str]
) -> pd.DataFrame:
    """Return the values of all years, index (iso3, year).

    Parameters
    ----------
    tables : mapping
        The tables of the indicators in the vintages chosen, and those that take their place over time.
    parameters : InnovationIndexParameters
        The indicators, and how the share of patents is made.
    years, members : sequence
        Years; economies of the group.
    """
    series = {one.name: tidy(one, tables[one.over_time], parameters) for one in parameters.definitions()}
    by_year = {
        year: pd.DataFrame(
            {name: newest(table, year, MAXIMUM_AGE)["value"].reindex(sorted(members)) for name, table in series.items()}
        )
        for year in years
    }
    return pd.concat(by_year, names=["year", "iso3"]).swaplevel().sort_index()


def always_covered(values: pd.DataFrame, minimum_coverage: float) -> pd.DataFrame:
    """Keep the economies that have the minimum coverage in every year, so that ranks of different years compare."""
    enough = covered(values, minimum_coverage).groupby("iso3").all()
    return values[values.index.get_level_values("iso3").isin(enough.index[enough])]


def index_by_year(values: pd.DataFrame, weights: Mapping[str, float], directions: Sequence[int]) -> Series:
    """Compute the index of each year on goalposts fixed over all years: the lowest and highest value of each indicator.

    Arithmetic mean with the weights re-scaled over what is present; each indicator's contribution is its weight times
    its score.

    Parameters
    ----------
    values : pandas.DataFrame
        Index (iso3, year), one column an indicator.
    weights : mapping
        Weight of each indicator.
    directions : sequence of int
        -1 for indicators of which less is better.
    """
    scaled = minmax(oriented(values.to_numpy(float), directions))
    w = np.array([weights[str(name)] for name in values.columns])
    present = ~np.isnan(scaled) * w
    parts = np.where(np.isnan(scaled), 0.0, scaled) * present / present.sum(axis=1, keepdims=True)
    contributions = pd.DataFrame(parts, values.index, values.columns)
    scores = contributions.sum(axis=1).unstack("year")
    return Series(scores, ranked(scores), contributions)


def decomposition(series: Series, economy: str, first: int, last: int) -> pd.DataFrame:
    """Return what each indicator contributed to the change of an economy's score; the changes sum to it exactly.

    Parameters
    ----------
    series : Series
        The index by year.
    economy : str
        Whose change.
    first, last : int
        Years.
    """
    before, after = (series.contributions.loc[(economy, year)] for year in (first, last))
    return pd.DataFrame({"first": before, "last": after, "change": after - before})


def revisions(
    tables: Tables,
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
        The tables of the indicators with all their vintages.
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
    base = _covered_values(tables, parameters, members, population)
    parts = []
    if base is not None:
        index = composite(base, specification, context)
        if specification.weights != BENEFIT_OF_THE_DOUBT:
            specification = replace(specification, weights=index.weights.to_dict())
        before = base.assign(score=index.scores)
        for table, vintage, changed in _other_vintages(tables, parameters):
            values = _covered_values(tables, changed, list(base.index), population)
            if values is not None:
                after = values.assign(score=composite(values, specification, context).scores)
                parts.append(_beside(before, after, table, vintage))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(REVISION_COLUMNS), dtype=float)


def _other_vintages(
    tables: Tables, parameters: InnovationIndexParameters
) -> Iterator[tuple[str, str, InnovationIndexParameters]]:
    for one in parameters.definitions():
        if one.table in VINTAGE_FIELDS and one.name != PATENT_SHARE and not one.edition:
            for vintage in sorted(set(tables[one.table]["vintage"]) - {parameters.vintage(one.table)}):
                yield one.table, vintage, parameters.model_copy(update={VINTAGE_FIELDS[one.table]: vintage})


def _covered_values(
    tables: Tables,
    parameters: InnovationIndexParameters,
    members: Sequence[str],
    population: pd.DataFrame | None,
) -> pd.DataFrame | None:
    """Return the values of the economies with enough of them, None where an indicator is missing for most."""
    chosen = {name: one_vintage(tables[name], vintage) for name, vintage in parameters.vintages().items()}
    values = select(chosen, parameters, members, population).values
    if values.count().min() < len(values) / 2:
        return None
    return values[covered(values, parameters.minimum_coverage)]


def _beside(base: pd.DataFrame, after: pd.DataFrame, table: str, vintage: str) -> pd.DataFrame:
    both = base.index.intersection(after.index)
    first, last = base.loc[both], after.loc[both]
    columns = {
        "iso3": both,
        "table": table,
        "vintage": vintage,
        "value_before": first[table],
        "value_after": last[table],
        "score_before": first["score"],
        "score_after": last["score"],
        "rank_before": ranked(first["score"]),
        "rank_after": ranked(last["score"]),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def flagged(tables: Tables, parameters: InnovationIndexParameters, series: Series) -> pd.Series:
    """Return the flags of the values behind a series, by iso3; economies without any are left out.

    Parameters
    ----------
    tables : mapping
        The tables that take the place of the indicators' over time.
    parameters : InnovationIndexParameters
        The indicators.
    series : Series
        The index by year.
    """
    found: dict[str, list[str]] = {}
    for one in parameters.definitions():
        rows = tables[one.over_time]
        if one.name == PATENT_SHARE or "flag" not in rows:
            continue
        shown = rows["iso3"].isin(series.ranks.index) & rows["year"].isin(series.ranks.columns) & (rows["flag"] != "")
        for economy, flag in rows.loc[shown, ["iso3", "flag"]].itertuples(index=False):
            found.setdefault(economy, []).append(f"{one.short}: {flag}")
    texts = {economy: "; ".join(dict.fromkeys(flags)) for economy, flags in sorted(found.items())}
    return pd.Series(texts, dtype=object, name="flag").rename_axis("iso3")


def revisions_table(revised: pd.DataFrame, focus: str) -> pd.DataFrame:
    """Return the revisions of an economy and the five largest moves of others, for readers."""
    if revised.empty:
        return pd.DataFrame({"economy": [], "series": [], "vintage": []})
    moved = revised.assign(change=revised["rank_after"] - revised["rank_before"])
    largest = moved[moved["iso3"] != focus].sort_values("change", key=abs, ascending=False, kind="stable").head(5)
    table = pd.concat([moved[moved["iso3"] == focus], largest]).drop(columns=["score_before", "score_after"])
    table["iso3"] = [economies.name(code) for code in table["iso3"]]
    table["table"] = table["table"].map(short_labels(table["table"].unique()))
    whole = table.astype(dict.fromkeys(("rank_before", "rank_after", "change"), int))
    named = whole.rename(columns={"iso3": "economy", "table": "series"})
    return named.rename(columns=lambda name: name.replace("_", " ")).reset_index(drop=True)
