"""Ranks of all economies on each indicator, the focus economy's beside the study's, and which choices give which."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.errors import InputError
from helpers.index.definitions import (
    HIGH_TECH_FIELDS,
    INDICATORS,
    LABELS,
    NAMES,
    PATENTS,
    SHORT_LABELS,
    STUDY_ECONOMY,
    STUDY_RANKS,
    high_tech_fields,
)
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.ranking import ranks
from helpers.index.select import Selection, grants_by_field, newest, shares_of
from helpers.index.specification import Index

MINIMA = (0, 100, 500, 1000, 5000)
POPULATIONS = (0, 1_000_000)


def rank_frame(values: pd.DataFrame) -> pd.DataFrame:
    """Return the rank of each economy on each column, 1 = highest value, ties share the better rank, NaN stays."""
    return pd.DataFrame(ranks(values.to_numpy(float)), values.index, values.columns)


def league(selection: Selection, indicator: str) -> pd.DataFrame:
    """Return the economies in order of one indicator: rank, value, year and flag (index iso3)."""
    table = pd.DataFrame(
        {
            "rank": rank_frame(selection.values)[indicator],
            "value": selection.values[indicator],
            "year": selection.years[indicator],
            "flag": selection.flags[indicator],
        }
    ).dropna(subset=["value"])
    table = table.sort_values(["rank", "value"], kind="stable")
    return table.astype({"rank": int, "year": int})


def beside_the_study(selection: Selection, focus: str = STUDY_ECONOMY) -> pd.DataFrame:
    """Return the focus economy's value, year, rank and number of economies by indicator, beside the study's rank.

    The study's ranks are Korea's; for another focus the column is empty.
    """
    positions = rank_frame(selection.values)
    rows = [
        {
            "indicator": LABELS[name],
            "value": selection.values.at[focus, name],
            "year": selection.years.at[focus, name],
            "rank": positions.at[focus, name],
            "of": int(selection.values[name].count()),
            "study": STUDY_RANKS[name] if focus == STUDY_ECONOMY else None,
            "flag": selection.flags.at[focus, name],
        }
        for name in NAMES
    ]
    return pd.DataFrame(rows, index=pd.Index(NAMES, name="name")).astype({"rank": "Int64", "year": "Int64"})


def alternatives(
    tables: Mapping[str, pd.DataFrame],
    parameters: InnovationIndexParameters,
    groups: Mapping[str, Sequence[str]],
    population: pd.DataFrame,
    focus: str = STUDY_ECONOMY,
) -> pd.DataFrame:
    """Rank the focus economy on each indicator under every combination of the choices the study left open.

    Parameters
    ----------
    tables : mapping
        The four indicator tables by name, with all their vintages.
    parameters : InnovationIndexParameters
        The year and the maximum age; everything else is varied.
    groups : mapping
        Name of the group to its economies.
    population : pandas.DataFrame
        Tidy population, for the minimum population.
    focus : str
        Whose rank.

    Returns
    -------
    pandas.DataFrame
        One row a combination: indicator, vintage, group, definition, minimum (patents or people), of, rank, study.
    """
    year, age = parameters.reference_year(), parameters.maximum_age
    small = _smaller_than(population, year)
    rows: list[dict[str, Any]] = []
    for indicator in INDICATORS:
        if indicator.table == PATENTS:
            variants = _patents(tables[PATENTS], year, age)
        else:
            variants = _vintages(tables[indicator.table], (year, age) if indicator.yearly else None, small)
        for labels, column in variants:
            for group, members in groups.items():
                row = _standing(column[column.index.isin(members)], focus)
                rows.append({"indicator": indicator.name, "group": group, **labels, **row})
    found = pd.DataFrame(rows)
    study = found["indicator"].map(STUDY_RANKS)
    return found.assign(study=study, as_in_study=found["rank"] == study)


Variants = Iterator[tuple[dict[str, Any], pd.Series]]


def _smaller_than(population: pd.DataFrame, year: int) -> Callable[[int], set[str]]:
    people = newest(population, year, 5)["value"]
    return lambda minimum: set(people.index[people < minimum])


def _vintages(table: pd.DataFrame, when: tuple[int, int] | None, small: Callable[[int], set[str]]) -> Variants:
    for vintage, minimum in product(sorted(table["vintage"].unique()), POPULATIONS):
        rows = table[table["vintage"] == vintage]
        column = newest(rows, *(when or (int(rows["year"].max()), 0)))["value"]
        yield {"vintage": vintage, "definition": "", "minimum": minimum}, column[~column.index.isin(small(minimum))]


def _patents(table: pd.DataFrame, year: int, age: int) -> Variants:
    grants = grants_by_field(table[table["year"].between(year - age, year)])
    for definition, minimum in product(HIGH_TECH_FIELDS, MINIMA):
        share = shares_of(grants, high_tech_fields(definition), minimum)
        yield {"vintage": "", "definition": definition, "minimum": minimum}, newest(share, year, age)["value"]


def _standing(column: pd.Series, focus: str) -> dict[str, int | None]:
    present = focus in column.index
    rank = int(ranks(column.to_numpy(float))[column.index.get_loc(focus)]) if present else None
    return {"rank": rank, "of": len(column)}


def choices_for_rank(found: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Return how often each rank comes out among the alternatives of an indicator, with the choices that give it."""
    rows = found[(found["indicator"] == indicator) & found["rank"].notna()]
    grouped = rows.groupby("rank")
    return pd.DataFrame(
        {
            "combinations": grouped.size(),
            "groups": grouped["group"].agg(_distinct, rows["group"], "all groups"),
            "vintages or field lists": grouped["vintage"].agg(_distinct, rows["vintage"], "all vintages")
            + grouped["definition"].agg(_distinct, rows["definition"], "all lists"),
        }
    )


def _distinct(column: pd.Series, universe: pd.Series, every: str) -> str:
    """List the distinct names, or say that all there are occur."""
    found, options = set(column) - {""}, set(universe) - {""}
    return every if found == options and len(options) > 1 else ", ".join(sorted(found))


def index_league(index: Index, selection: Selection, summary: pd.DataFrame) -> pd.DataFrame:
    """Return the economies in order of the index: rank, score, rank interval from draws, coverage, years, flags.

    `summary` is that of `helpers.index.draws.RankCounts`.
    """
    present = selection.values.loc[index.scores.index].notna().sum(axis=1)
    flags = selection.flags.loc[index.scores.index].apply(_joined, axis=1)
    table = pd.DataFrame(
        {
            "rank": index.ranks,
            "economy": [economies.name(code) for code in index.scores.index],
            "score": index.scores,
            "median rank": summary["median"],
            "5%": summary["p05"],
            "95%": summary["p95"],
            "first": summary["p_top1"],
            "top five": summary["p_top5"],
            "indicators": present,
            "years": selection.years.loc[index.scores.index].apply(_years, axis=1),
            "flag": flags,
        }
    ).dropna(subset=["score"])
    whole = dict.fromkeys(("rank", "median rank", "5%", "95%"), int)
    return table.sort_values(["rank", "economy"]).astype(whole).rename_axis("iso3").reset_index().pipe(_codes_last)


def _codes_last(table: pd.DataFrame) -> pd.DataFrame:
    return table[[*(name for name in table.columns if name != "iso3"), "iso3"]]


def _years(row: pd.Series) -> str:
    """Write the years of an economy's values: one year when all agree, else a range."""
    years = sorted(int(year) for year in row.dropna())
    return str(years[0]) if years[0] == years[-1] else f"{years[0]}-{years[-1]}"


def _joined(row: pd.Series) -> str:
    return "; ".join(f"{SHORT_LABELS[str(name)]}: {flag}" for name, flag in row.items() if flag)


def rank_metrics(selection: Selection, focus: str = STUDY_ECONOMY, prefix: str = "korea") -> dict[str, float | None]:
    """Return rank, value and year of an economy and the number ranked, by indicator, under flat names."""
    found: dict[str, float | None] = {}
    positions = rank_frame(selection.values)
    for name in NAMES:
        known = focus in positions.index and pd.notna(positions.at[focus, name])
        found[f"{prefix}_rank_{name}"] = int(positions.at[focus, name]) if known else None
        found[f"{prefix}_value_{name}"] = float(selection.values.at[focus, name]) if known else None
        found[f"{prefix}_year_{name}"] = int(selection.years.at[focus, name]) if known else None
        found[f"n_{name}"] = int(selection.values[name].count())
    return found


def index_metrics(index: Index, focus: str = STUDY_ECONOMY, prefix: str = "korea") -> dict[str, float | None]:
    """Return rank and score of an economy on the index and the number ranked."""
    known = focus in index.ranks.index and pd.notna(index.ranks[focus])
    return {
        f"{prefix}_rank_composite": int(index.ranks[focus]) if known else None,
        f"{prefix}_score_composite": float(index.scores[focus]) if known else None,
        "n_composite": int(index.scores.count()),
    }


def contributions(index: Index) -> pd.DataFrame:
    """Return weight times normalised value of each indicator, weights re-scaled over what is present, best first.

    With the arithmetic mean the rows sum to the scores.
    """
    weights = index.normalised.notna() * index.weights
    parts = index.normalised.fillna(0.0) * weights.div(weights.sum(axis=1), axis=0)
    return parts.loc[index.scores.sort_values(ascending=False, kind="stable").index]


def all_choices(found: pd.DataFrame) -> pd.DataFrame:
    """Return, for each indicator and rank, how many combinations give it and which choices occur among them."""
    parts = {name: choices_for_rank(found, name).reset_index() for name in NAMES}
    table = pd.concat(parts, names=["indicator"]).reset_index(level="indicator")
    table["as in the study"] = (table["rank"] == table["indicator"].map(STUDY_RANKS)).map({True: "yes", False: ""})
    return table.astype({"rank": int}).reset_index(drop=True)


def patent_grid(found: pd.DataFrame, groups: Sequence[str] = ("oecd-plus", "oecd", "all")) -> pd.DataFrame:
    """Return the rank by high-tech share of patents: one row a list of fields and group, one column a minimum."""
    rows = found[(found["indicator"] == "hightech_patent_share") & found["group"].isin(groups)]
    table = rows.pivot(index=["definition", "group"], columns="minimum", values="rank")
    ordered = table.reindex([(name, group) for name in HIGH_TECH_FIELDS for group in groups]).astype("Int64")
    return ordered.rename(columns=lambda minimum: f"{minimum:,} patents" if minimum else "no minimum").reset_index()


def without_score(selection: Selection, ranked: pd.DataFrame) -> pd.DataFrame:
    """Return the economies of the group that have no score: name, indicators present, reason."""
    rest = selection.values.index.difference(ranked.index)
    table = pd.DataFrame(
        {
            "economy": [economies.name(code) for code in rest],
            "present": [", ".join(SHORT_LABELS[n] for n in NAMES if pd.notna(selection.values.at[c, n])) for c in rest],
        },
        index=rest,
    )
    return table


def study_metrics(found: pd.DataFrame) -> dict[str, float]:
    """Return the study's rank of each indicator and the share of the combinations of choices in which it comes out."""
    result: dict[str, float] = {}
    for name in NAMES:
        rows = found[(found["indicator"] == name) & found["rank"].notna()]
        result[f"study_rank_{name}"] = STUDY_RANKS[name]
        result[f"share_as_in_study_{name}"] = float(rows["as_in_study"].mean()) if len(rows) else float("nan")
    return result


def require_indicators(ranked: pd.DataFrame, minimum: float) -> None:
    """Refuse an index with an indicator that too few of the economies ranked have.

    Raises
    ------
    InputError
        Names the indicator and the share of the economies that have it.
    """
    shares = ranked.notna().mean()
    for name, share in shares.items():
        if share < minimum:
            raise InputError(
                f"{LABELS.get(str(name), name)} has a value for {share:.0%} of the {len(ranked)} economies ranked; "
                f"{minimum:.0%} are asked for. Choose another group, a larger maximum_age, or a smaller "
                "minimum_patents or minimum_indicator_coverage."
            )


def flagged(selection: Selection) -> pd.Series:
    """Return what is to be said of the values of each economy that has a flagged one, by iso3."""
    texts = selection.flags.apply(_joined, axis=1).astype(object).rename("flag")
    return texts[texts != ""]


def require_score(ranked: pd.DataFrame, selection: Selection, focus: str) -> None:
    """Refuse a focus economy that has too few values for a score, naming what it has.

    Raises
    ------
    InputError
        The economy is not among those ranked.
    """
    if focus in ranked.index:
        return
    has = [LABELS[n] for n in NAMES if focus in selection.values.index and pd.notna(selection.values.at[focus, n])]
    raise InputError(
        f"{economies.name(focus)} has too few values for a score: it has {', '.join(has) or 'none of the indicators'}. "
        "Choose another focus, or a larger maximum_age or a smaller minimum_coverage or minimum_patents."
    )
