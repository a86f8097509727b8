"""Ranks of all economies on each indicator, the focus economy's beside the study's, and which choices give which."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

import pandas as pd

from helpers.data import economies
from helpers.index.definitions import (
    HIGH_TECH_FIELDS,
    INDICATORS,
    LABELS,
    NAMES,
    SHORT_LABELS,
    STUDY_ECONOMY,
    STUDY_RANKS,
    high_tech_fields,
)
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.ranking import ranks
from helpers.index.select import Selection, newest, patent_share
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
        The year; everything else is varied.
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
    year = parameters.reference_year()
    small = _smaller_than(population, year)
    rows: list[dict] = []
    for indicator in INDICATORS:
        variants = _patents(tables, year) if indicator.name == "hightech_patent_share" else None
        for labels, column in variants or _vintages(tables[indicator.table], year, indicator.yearly, small):
            for group, members in groups.items():
                row = _standing(column[column.index.isin(members)], focus)
                rows.append({"indicator": indicator.name, "group": group, **labels, **row})
    found = pd.DataFrame(rows)
    study = found["indicator"].map(STUDY_RANKS)
    return found.assign(study=study, as_in_study=found["rank"] == study)


Variants = Iterator[tuple[dict, pd.Series]]


def _smaller_than(population: pd.DataFrame, year: int) -> Callable[[int], set[str]]:
    people = newest(population, year, 5)["value"]
    return lambda minimum: set(people.index[people < minimum])


def _vintages(table: pd.DataFrame, year: int, yearly: bool, small: Callable[[int], set[str]]) -> Variants:
    for vintage, minimum in product(sorted(table["vintage"].unique()), POPULATIONS):
        rows = table[table["vintage"] == vintage]
        when = year if yearly else int(rows["year"].max())
        column = newest(rows, when, 0)["value"]
        yield {"vintage": vintage, "definition": "", "minimum": minimum}, column[~column.index.isin(small(minimum))]


def _patents(tables: Mapping[str, pd.DataFrame], year: int) -> Variants:
    table = next(tables[indicator.table] for indicator in INDICATORS if indicator.name == "hightech_patent_share")
    for definition, minimum in product(HIGH_TECH_FIELDS, MINIMA):
        share = patent_share(table[table["year"] == year], high_tech_fields(definition), minimum)
        yield {"vintage": "", "definition": definition, "minimum": minimum}, newest(share, year, 0)["value"]


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
            "groups": grouped["group"].agg(_distinct),
            "vintages": grouped["vintage"].agg(_distinct),
            "definitions": grouped["definition"].agg(_distinct),
        }
    )


def _distinct(column: pd.Series) -> str:
    return ", ".join(sorted(set(column) - {""}))


def index_league(index: Index, selection: Selection) -> pd.DataFrame:
    """Return the economies in order of the index: rank, name, score, coverage and the flags of their values."""
    present = selection.values.loc[index.scores.index].notna().sum(axis=1)
    flags = selection.flags.loc[index.scores.index].apply(_joined, axis=1)
    table = pd.DataFrame(
        {
            "rank": index.ranks,
            "economy": [economies.name(code) for code in index.scores.index],
            "score": index.scores,
            "indicators": present,
            "flag": flags,
        }
    ).dropna(subset=["score"])
    return table.sort_values(["rank", "economy"]).astype({"rank": int})


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
