"""One economy of a group: what the index says about it, read from what the run of the index left for all of them."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from helpers.data import economies
from helpers.index.definitions import LABELS, NAMES, SHORT_LABELS
from helpers.index.profile import nearest

#: Columns of the index of each table, by field of `Group`.
KEYS = {
    "standings": ["iso3"],
    "profiles": ["iso3", "indicator"],
    "normalised": ["iso3"],
    "rank_probabilities": ["iso3"],
    "above": ["iso3"],
    "removals": ["iso3"],
    "single_changes": ["choice", "option"],
    "values_by_year": ["iso3", "year"],
    "index_by_year": ["iso3", "year"],
    "sources": ["table"],
}


@dataclass(frozen=True)
class Group:
    """What one index says about every economy of a group.

    Attributes
    ----------
    standings : pandas.DataFrame
        Economies with a rank: rank, score, median, p05, p95, mean, p_top1, p_top5.
    profiles : pandas.DataFrame
        Index (iso3, indicator), columns of `helpers.index.profile.profile`; every economy with a value.
    normalised : pandas.DataFrame
        Normalised indicators of the economies with a rank.
    rank_probabilities, above : pandas.DataFrame
        Share of the draws in which an economy has each rank, and in which the row scores above the column.
    removals : pandas.DataFrame
        Rank of the base index (``base``) and without each indicator.
    single_changes : pandas.DataFrame
        Index (choice, option): rank of every economy when this one option is changed; first row the base index.
    values_by_year, index_by_year : pandas.DataFrame
        Index (iso3, year): values of the indicators; score and rank on fixed goalposts.
    sources : pandas.DataFrame
        Vintage by table.
    """

    standings: pd.DataFrame
    profiles: pd.DataFrame
    normalised: pd.DataFrame
    rank_probabilities: pd.DataFrame
    above: pd.DataFrame
    removals: pd.DataFrame
    single_changes: pd.DataFrame
    values_by_year: pd.DataFrame
    index_by_year: pd.DataFrame
    sources: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write a table a file into a folder, in full precision."""
        for name, keys in KEYS.items():
            getattr(self, name).rename_axis(index=keys).to_csv(folder / _file(name), lineterminator="\n")

    @classmethod
    def read(cls, folder: Path) -> "Group":
        """Read what `write` wrote."""
        return cls(**{field.name: _read(folder / _file(field.name), KEYS[field.name]) for field in fields(cls)})

    def has_rank(self, economy: str) -> bool:
        """Tell whether an economy has enough values for a rank."""
        return economy in self.standings.index

    def profile(self, economy: str) -> pd.DataFrame:
        """Return an economy's standing on each indicator; no rows where it has no value at all."""
        known = economy in self.profiles.index.get_level_values("iso3")
        return self.profiles.loc[economy] if known else self.profiles.iloc[:0].droplevel("iso3")


def _file(name: str) -> str:
    return f"{name.replace('_', '-')}.csv"


def _read(path: Path, keys: list[str]) -> pd.DataFrame:
    # Without this, an economy or a flag called "NA" would be read as missing.
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")
    return frame.set_index(keys)


def single_changes(group: Group, economy: str) -> pd.DataFrame:
    """Return the changes of one option that move an economy: choice, option, rank, change, the largest first."""
    ranks = group.single_changes[economy]
    found = ranks.rename("rank").reset_index().assign(change=ranks.to_numpy() - ranks.iloc[0])
    return found[found["change"] != 0].sort_values("change", key=abs, ascending=False, kind="stable")


def without(group: Group, economy: str) -> pd.DataFrame:
    """Return the rank an economy would have without each indicator, by label."""
    ranks = group.removals.loc[economy].astype(int)
    table = pd.DataFrame({"without": [LABELS[name] for name in NAMES], "rank": [ranks[name] for name in NAMES]})
    return table.assign(change=table["rank"] - ranks["base"])


def peers(group: Group, economy: str, count: int = 5) -> pd.DataFrame:
    """Return the economies most like this one, with how often it scores above each of them."""
    table = nearest(group.normalised, group.standings["rank"], economy, count)
    table["median"] = group.standings.loc[table.index, "median"].astype(int)
    table["above"] = group.above.loc[economy, list(table.index)]
    return table


def neighbours(group: Group, economy: str) -> tuple[str | None, str | None]:
    """Return the economies one place before and one place after in the base index, None at its ends."""
    order = list(group.standings.sort_values(["rank", "median", "mean"], kind="stable").index)
    place = order.index(economy)
    return (order[place - 1] if place else None, order[place + 1] if place + 1 < len(order) else None)


def years(group: Group, economy: str) -> pd.DataFrame:
    """Return an economy's way over the years: rank and score on fixed goalposts, and its values; one row a year."""
    values = _of(group.values_by_year, economy)
    index = _of(group.index_by_year, economy).reindex(values.index)
    table = index[["rank", "score"]].astype({"rank": "Int64"}).join(values.rename(columns=SHORT_LABELS))
    return table.rename_axis("year").reset_index()


def _of(frame: pd.DataFrame, economy: str) -> pd.DataFrame:
    return frame[frame.index.get_level_values("iso3") == economy].droplevel("iso3")


def in_order(group: Group, members: list[str]) -> Iterator[tuple[str, str]]:
    """Yield code and name of every member: those with a rank by median rank, then the others by name."""
    ranked = [code for code in group.standings.sort_values(["median", "mean"], kind="stable").index if code in members]
    rest = sorted((code for code in members if code not in ranked), key=economies.name)
    yield from ((code, economies.name(code)) for code in [*ranked, *rest])
