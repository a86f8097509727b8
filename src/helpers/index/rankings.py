"""Ranks of all economies on each indicator and the index, Korea's beside the study's, and which choices give which."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.errors import InputError
from helpers.index.definitions import (
    HIGH_TECH_FIELDS,
    PATENT_SHARE,
    STUDY_ECONOMY,
    STUDY_RANKS,
    Indicator,
    high_tech_fields,
    labels,
    short_labels,
)
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.select import Selection, Tables, grants_by_field, newest, reach, shares_of
from helpers.index.specification import Index, ranked

MINIMA = (0, 100, 500, 1000, 5000)
POPULATIONS = (0, 1_000_000)
#: Economies and indicators of which newspapers print the study's ranks.
RIVALS = ("DEU", "JPN", "USA")
RIVAL_MEASURES = {
    "rd_gdp": "KITA: world rank of R&D to GDP",
    PATENT_SHARE: "KITA: world rank of high-tech share of patents",
}
#: Choices of one indicator with the values they give, by economy.
Alternatives = Iterator[tuple[dict[str, Any], pd.Series]]


def require_score(values: pd.DataFrame, selection: Selection, focus: str) -> None:
    """Refuse a focus economy that has too few values for a score, naming what it has.

    Parameters
    ----------
    values : pandas.DataFrame
        Of the economies ranked, by indicators.
    selection : Selection
        Values of the whole group.
    focus : str
        The economy.

    Raises
    ------
    InputError
        The economy is not among those ranked.
    """
    if focus in values.index:
        return
    known = selection.values.reindex([focus]).iloc[0].dropna().index
    raise InputError(
        f"{economies.name(focus)} has too few values for a score: it has "
        f"{', '.join(labels(known).values()) or 'none of the indicators'}. "
        "Choose another focus, or a larger maximum_age or a smaller minimum_coverage or minimum_patents."
    )


def require_indicators(values: pd.DataFrame, minimum: float) -> None:
    """Refuse an index with an indicator that too few of the economies ranked have.

    Raises
    ------
    InputError
        Names the indicator and the share of the economies that have it.
    """
    for name, share in values.notna().mean().items():
        if share < minimum:
            raise InputError(
                f"{labels([str(name)])[str(name)]} has a value for {share:.0%} of the {len(values)} economies ranked; "
                f"{minimum:.0%} are asked for. Choose another group, a larger maximum_age, or a smaller "
                "minimum_patents or minimum_indicator_coverage."
            )


def flagged(selection: Selection) -> pd.Series:
    """Return what is to be said of the values of each economy that has a flagged one, by iso3."""
    short = short_labels(selection.flags.columns)
    texts = [
        "; ".join(f"{short[str(name)]}: {flag}" for name, flag in row.items() if flag)
        for _, row in selection.flags.iterrows()
    ]
    found = pd.Series(texts, selection.flags.index, dtype=object, name="flag")
    return found[found != ""]


def index_table(index: Index, selection: Selection, summary: pd.DataFrame) -> pd.DataFrame:
    """Return the economies in order of the index, for readers.

    Parameters
    ----------
    index : Index
        The base index.
    selection : Selection
        Values, years and flags of the group.
    summary : pandas.DataFrame
        That of `helpers.index.uncertainty.RankCounts`.

    Returns
    -------
    pandas.DataFrame
        Rank, economy, score, median and 90% interval of the rank over the draws, how often an economy is the first and
        among the first five, number of indicators, their years, flag, iso3.
    """
    codes = index.scores.index
    years = selection.years.loc[codes]
    ends = years.agg(["min", "max"], axis=1).to_numpy()
    spans = [f"{first:.0f}" if first == last else f"{first:.0f}-{last:.0f}" for first, last in ends]
    table = pd.DataFrame(
        {
            "rank": index.ranks,
            "economy": [economies.name(code) for code in codes],
            "score": index.scores,
            "median rank": summary["median"],
            "5%": summary["p05"],
            "95%": summary["p95"],
            "first": summary["p_top1"],
            "top five": summary["p_top5"],
            "indicators": selection.values.loc[codes].notna().sum(axis=1),
            "years": pd.Series(spans, codes),
            "flag": flagged(selection).reindex(codes).fillna(""),
            "iso3": codes,
        }
    ).dropna(subset=["score"])
    whole = dict.fromkeys(("rank", "median rank", "5%", "95%"), int)
    return table.sort_values(["rank", "economy"]).astype(whole).reset_index(drop=True)


def without_score(selection: Selection, values: pd.DataFrame) -> pd.DataFrame:
    """Return the economies of the group that are not among those ranked: name, and the indicators they have."""
    short = short_labels(selection.values.columns)
    rest = selection.values.drop(index=values.index)
    present = [", ".join(short[str(name)] for name in row.dropna().index) for _, row in rest.iterrows()]
    return pd.DataFrame({"economy": [economies.name(code) for code in rest.index], "present": present}, rest.index)


def contributions(index: Index) -> pd.DataFrame:
    """Return weight times normalised value of each indicator, weights re-scaled over what is present, best first.

    With the arithmetic mean the rows sum to the scores.
    """
    weights = index.normalised.notna() * index.weights
    parts = index.normalised.fillna(0.0) * weights.div(weights.sum(axis=1), axis=0)
    return parts.loc[index.scores.sort_values(ascending=False, kind="stable").index]


def beside_the_study(own: pd.DataFrame, focus: str) -> pd.DataFrame:
    """Return an economy's value, year, rank and number of economies by indicator, beside the study's rank of Korea.

    Parameters
    ----------
    own : DataFrame
        The economy's rows of `economy.profiles`.
    focus : str
        The economy; the study's ranks are shown for Korea only.
    """
    study = pd.Series(STUDY_RANKS if focus == STUDY_ECONOMY else {}, own.index, dtype=object)
    table = own.assign(study=study).rename(columns={"label": "indicator"})
    return table[["indicator", "value", "year", "rank", "of", "study", "flag"]].reset_index(drop=True)


def alternatives(
    tables: Tables,
    parameters: InnovationIndexParameters,
    groups: Mapping[str, Sequence[str]],
    population: pd.DataFrame,
) -> pd.DataFrame:
    """Rank Korea on each indicator under every combination of the choices the study left open.

    Parameters
    ----------
    tables : mapping
        The tables of the indicators by name, with all their vintages.
    parameters : InnovationIndexParameters
        The indicators, the year and the maximum age; everything else is varied.
    groups : mapping
        Name of the group to its economies.
    population : pandas.DataFrame
        Tidy population, for the minimum population.

    Returns
    -------
    pandas.DataFrame
        One row a combination: indicator, group, vintage, definition, minimum (patents or people), rank, of, study (its
        rank), as_in_study.
    """
    people = newest(population, parameters.reference_year(), 5)["value"]
    rows: list[dict[str, Any]] = []
    for one in parameters.definitions():
        table = tables[one.table]
        found = _patents(table, parameters) if one.name == PATENT_SHARE else _vintages(one, table, parameters, people)
        for choices, column in found:
            for group, members in groups.items():
                among = column[column.index.isin(members)]
                rank = int(ranked(among)[STUDY_ECONOMY]) if STUDY_ECONOMY in among.index else None
                rows.append({"indicator": one.name, "group": group, **choices, "rank": rank, "of": len(among)})
    result = pd.DataFrame(rows)
    study = result["indicator"].map(STUDY_RANKS)
    return result.assign(study=study, as_in_study=result["rank"] == study)


def _vintages(
    one: Indicator, table: pd.DataFrame, parameters: InnovationIndexParameters, people: pd.Series
) -> Alternatives:
    for vintage, minimum in product(sorted(table["vintage"].unique()), POPULATIONS):
        rows = table[table["vintage"] == vintage]
        column = newest(rows, *reach(one, rows, parameters))["value"]
        choices = {"vintage": vintage, "definition": "", "minimum": minimum}
        yield choices, column[~column.index.isin(people.index[people < minimum])]


def _patents(table: pd.DataFrame, parameters: InnovationIndexParameters) -> Alternatives:
    year, age = parameters.reference_year(), parameters.maximum_age
    grants = grants_by_field(table[table["year"].between(year - age, year)])
    for definition, minimum in product(HIGH_TECH_FIELDS, MINIMA):
        share = shares_of(grants, high_tech_fields(definition), minimum)
        yield {"vintage": "", "definition": definition, "minimum": minimum}, newest(share, year, age)["value"]


def by_rank(found: pd.DataFrame) -> pd.DataFrame:
    """Return, for each indicator and rank, how many of the alternatives give it and which choices occur among them."""
    parts = []
    for name, rows in found.dropna(subset=["rank"]).groupby("indicator", sort=False):
        ranks = rows.groupby("rank")
        lists = ranks["definition"].agg(_distinct, rows["definition"], "all lists")
        columns = {
            "indicator": name,
            "rank": ranks["rank"].first().astype(int),
            "combinations": ranks.size(),
            "groups": ranks["group"].agg(_distinct, rows["group"], "all groups"),
            "vintages or field lists": ranks["vintage"].agg(_distinct, rows["vintage"], "all vintages") + lists,
            "as in the study": ranks["as_in_study"].any().map({True: "yes", False: ""}),
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _distinct(column: pd.Series, universe: pd.Series, every: str) -> str:
    """List the distinct names, or say that all there are occur."""
    found, options = set(column) - {""}, set(universe) - {""}
    return every if found == options and len(options) > 1 else ", ".join(sorted(found))


def patent_grid(found: pd.DataFrame) -> pd.DataFrame:
    """Return the rank by high-tech share of patents: one row a list of fields and group, one column a minimum."""
    groups = [group for group in ("oecd-plus", "oecd", "all") if group in set(found["group"])]
    rows = found[(found["indicator"] == PATENT_SHARE) & found["group"].isin(groups)]
    table = rows.pivot(index=["definition", "group"], columns="minimum", values="rank")
    ordered = table.reindex([(name, group) for name in HIGH_TECH_FIELDS for group in groups]).astype("Int64")
    return ordered.rename(columns=lambda minimum: f"{minimum:,} patents" if minimum else "no minimum").reset_index()


def rank_metrics(selection: Selection) -> dict[str, float | None]:
    """Return Korea's rank, value and year and the number of economies ranked, by indicator, under flat names."""
    found: dict[str, float | None] = {}
    values, years, positions = (
        frame.reindex([STUDY_ECONOMY]).iloc[0]
        for frame in (selection.values, selection.years, ranked(selection.values))
    )
    for name, count in selection.values.count().items():
        known = pd.notna(positions[name])
        found[f"korea_rank_{name}"] = int(positions[name]) if known else None
        found[f"korea_value_{name}"] = float(values[name]) if known else None
        found[f"korea_year_{name}"] = int(years[name]) if known else None
        found[f"n_{name}"] = int(count)
    return found


def index_metrics(index: Index) -> dict[str, float | None]:
    """Return Korea's rank and score on the index and the number of economies ranked."""
    known = pd.notna(index.ranks.get(STUDY_ECONOMY))
    return {
        "korea_rank_composite": int(index.ranks[STUDY_ECONOMY]) if known else None,
        "korea_score_composite": float(index.scores[STUDY_ECONOMY]) if known else None,
        "n_composite": int(index.scores.count()),
        "korea_percentile_composite": _percentile(index.scores) if known else None,
    }


def _percentile(values: pd.Series) -> float:
    """Percentage of the other economies that Korea lies above."""
    known = values.dropna()
    return float(100 * (known < known[STUDY_ECONOMY]).sum() / (len(known) - 1))


def rival_metrics(selection: Selection) -> dict[str, float | None]:
    """Return the ranks of the economies whose ranks newspapers print from the study, by indicator, under flat names."""
    places = ranked(selection.values).reindex(RIVALS)
    return {f"{code.lower()}_rank_{name}": place for name in places for code, place in places[name].items()}


def rival_ranks(selection: Selection, printed: pd.DataFrame) -> pd.DataFrame:
    """Return rank and number of economies beside each rank that is printed.

    Parameters
    ----------
    selection : Selection
    printed : pandas.DataFrame
        Published counts: `iso3, measure, value`.

    Returns
    -------
    pandas.DataFrame
        economy, indicator, rank, of, printed.
    """
    places, counted = ranked(selection.values), selection.values.count()
    rows = [
        {
            "economy": economies.name(code),
            "indicator": labels([name])[name],
            "rank": places[name].get(code),
            "of": counted[name],
            "printed": printed.loc[(printed["iso3"] == code) & (printed["measure"] == measure), "value"].item(),
        }
        for name, measure in RIVAL_MEASURES.items()
        if name in places
        for code in RIVALS
    ]
    return pd.DataFrame(rows).astype({"rank": "Int64", "of": "Int64", "printed": "Int64"})


def other_standings(
    tables: Mapping[str, pd.DataFrame], members: Sequence[str], year: int, maximum_age: int
) -> pd.DataFrame:
    """Rank Korea by indicators that the study did not choose.

    Parameters
    ----------
    tables : mapping
        Name of the indicator to its tidy table.
    members : sequence of str
        Economies compared.
    year, maximum_age : int
        As in `select.newest`.

    Returns
    -------
    pandas.DataFrame
        Indexed by indicator: year, value, rank, of, percentile; empty values where Korea has none.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        found = newest(table[table["iso3"].isin(members)], year, maximum_age)
        rows[name] = {"of": len(found)}
        if STUDY_ECONOMY in found.index:
            place, percentile = ranked(found["value"])[STUDY_ECONOMY], _percentile(found["value"])
            rows[name] |= {**found.loc[STUDY_ECONOMY, ["year", "value"]], "rank": place, "percentile": percentile}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["year", "value", "rank", "of", "percentile"]).astype(
        {"year": "Int64", "rank": "Int64"}
    )


def study_metrics(found: pd.DataFrame) -> dict[str, float]:
    """Return the study's rank of each indicator and the share of the alternatives in which it comes out."""
    result: dict[str, float] = {}
    shares = found.dropna(subset=["rank"]).groupby("indicator")["as_in_study"].mean()
    for name in set(found["indicator"]) & set(STUDY_RANKS):
        result[f"study_rank_{name}"] = STUDY_RANKS[name]
        result[f"share_as_in_study_{name}"] = float(shares.get(name, float("nan")))
    return result
