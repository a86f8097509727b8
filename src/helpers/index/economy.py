"""One economy of a group: where it is strong and weak, what would move it, who is like it, its ranks over the years."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from helpers.data import economies
from helpers.index.definitions import labels, short_labels
from helpers.index.select import Selection
from helpers.index.specification import Index, ranked

#: An indicator is a strength in the best quarter of the economies and a weakness below their middle.
STRONG, MIDDLE = 0.25, 0.5


def profiles(selection: Selection, index: Index) -> pd.DataFrame:
    """Return the standing of every economy with a value on each indicator.

    Parameters
    ----------
    selection : Selection
        Values, years and flags of the group.
    index : Index
        The composite index of the economies ranked; the others have no score on the common scale.

    Returns
    -------
    pandas.DataFrame
        Index (iso3, indicator): label, value, year, rank, of, frontier (value and economy), median, score on the common
        scale, flag, the gaps to both in units of the indicator (positive = ahead), verdict (strength, middle, weakness,
        no value).
    """
    values = selection.values
    own = {
        "value": values,
        "year": selection.years,
        "rank": ranked(values),
        "score": index.normalised.reindex(values.index),
        "flag": selection.flags,
    }
    of_all = {
        "label": pd.Series(labels(values.columns)),
        "of": values.count(),
        "frontier": values.max(),
        "frontier_economy": values.idxmax().map(economies.name),
        "median": values.median(),
    }
    table = pd.concat({name: frame.stack(future_stack=True) for name, frame in own.items()}, axis=1)
    table = table.rename_axis(["iso3", "indicator"]).join(pd.DataFrame(of_all).rename_axis("indicator"))
    table["gap_to_frontier"] = table["value"] - table["frontier"]
    table["gap_to_median"] = table["value"] - table["median"]
    share = table["rank"] / table["of"]
    verdict = pd.Series("weakness", table.index).mask(share <= MIDDLE, "middle").mask(share <= STRONG, "strength")
    table["verdict"] = verdict.mask(table["value"].isna(), "no value")
    first = ["label", "value", "year", "rank", "of", "frontier", "frontier_economy", "median"]
    return table[[*first, *table.columns.drop(first)]].astype({"year": "Int64", "rank": "Int64"})


def profile_table(own: pd.DataFrame) -> pd.DataFrame:
    """Return a profile for readers; flags have a column only where there are some."""
    of_all = [
        f"{rank:.0f} of {of}" if pd.notna(rank) else None for rank, of in zip(own["rank"], own["of"], strict=True)
    ]
    columns = {
        "indicator": pd.Series(short_labels(own.index)),
        "value": own["value"],
        "year": own["year"].astype("Int64"),
        "rank": pd.Series(of_all, own.index, dtype=object),
        "to median": own["gap_to_median"],
        "to frontier": own["gap_to_frontier"],
        "frontier": own["frontier_economy"],
        "verdict": own["verdict"],
        "flag": own["flag"],
    }
    shown = pd.DataFrame(columns).loc[own.index].reset_index(drop=True)
    return shown if (shown["flag"].fillna("") != "").any() else shown.drop(columns="flag")


def peers(normalised: pd.DataFrame, ranks: pd.Series, focus: str) -> pd.DataFrame:
    """Return the five economies most like `focus`: smallest root mean squared difference over the indicators both have.

    Parameters
    ----------
    normalised : pandas.DataFrame
        Economies by normalised indicators; differences are in their standard deviations.
    ranks : pandas.Series
        Rank by economy.
    focus : str
        The economy; others with fewer than two indicators in common are left out.

    Returns
    -------
    pandas.DataFrame
        Index iso3; economy, distance, indicators (in common), rank.
    """
    scaled = normalised / normalised.std()
    differences = scaled.drop(index=focus) - scaled.loc[focus]
    common = differences.notna().sum(axis=1)
    distance = np.sqrt((differences**2).mean(axis=1))[common >= 2]
    found = distance.sort_values(kind="stable").head(5)
    return pd.DataFrame(
        {
            "economy": [economies.name(str(code)) for code in found.index],
            "distance": found,
            "indicators": common[found.index],
            "rank": ranks[found.index].astype(int),
        }
    )


#: Columns of the index of a table of a `Group`.
BY_ECONOMY, BY_INDICATOR, BY_YEAR = ({"keys": ["iso3", *more]} for more in ([], ["indicator"], ["year"]))
BY_CHANGE, BY_TABLE = {"keys": ["choice", "option"]}, {"keys": ["table"]}


@dataclass(frozen=True)
class Group:
    """What one index says about every economy of a group: left by the run of the index, read by each economy's page.

    Attributes
    ----------
    rankings : pandas.DataFrame
        Economies with a rank: rank, score, median, p05, p95, mean, p_top1, p_top5.
    profiles : pandas.DataFrame
        Index (iso3, indicator), columns of `profile`; every economy with a value.
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

    rankings: pd.DataFrame = field(metadata=BY_ECONOMY)
    profiles: pd.DataFrame = field(metadata=BY_INDICATOR)
    normalised: pd.DataFrame = field(metadata=BY_ECONOMY)
    rank_probabilities: pd.DataFrame = field(metadata=BY_ECONOMY)
    above: pd.DataFrame = field(metadata=BY_ECONOMY)
    removals: pd.DataFrame = field(metadata=BY_ECONOMY)
    single_changes: pd.DataFrame = field(metadata=BY_CHANGE)
    values_by_year: pd.DataFrame = field(metadata=BY_YEAR)
    index_by_year: pd.DataFrame = field(metadata=BY_YEAR)
    sources: pd.DataFrame = field(metadata=BY_TABLE)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by the names under which they are kept."""
        return {
            one.name.replace("_", "-"): getattr(self, one.name).rename_axis(index=one.metadata["keys"])
            for one in fields(self)
        }

    @classmethod
    def read(cls, table: Callable[[str], pd.DataFrame]) -> "Group":
        """Return the group from its tables, read by their names."""
        return cls(
            **{one.name: table(one.name.replace("_", "-")).set_index(one.metadata["keys"]) for one in fields(cls)}
        )

    def has_rank(self, economy: str) -> bool:
        """Tell whether an economy has enough values for a rank."""
        return economy in self.rankings.index

    def profile(self, economy: str) -> pd.DataFrame:
        """Return an economy's standing on each indicator; no rows where it has no value at all."""
        known = economy in self.profiles.index.get_level_values("iso3")
        return self.profiles.loc[economy] if known else self.profiles.iloc[:0].droplevel("iso3")

    def changes_that_move(self, economy: str) -> pd.DataFrame:
        """Return the changes of one option that move an economy, the largest first; none where it has no rank.

        Returns
        -------
        pandas.DataFrame
            Choice, option, rank, change (positive = worse).
        """
        ranks = self.single_changes.get(economy, pd.Series(0, self.single_changes.index))
        found = ranks.rename("rank").reset_index().assign(change=ranks.to_numpy() - ranks.iloc[0])
        found = found[found["change"] != 0].sort_values("change", key=abs, ascending=False, kind="stable")
        return found.reset_index(drop=True)

    def without(self, economy: str) -> pd.Series:
        """Return the rank an economy would have without each indicator, by label; empty where it has no rank."""
        names = labels(self.removals.columns.drop("base"))
        return self.removals.reindex([economy]).iloc[0].rename(names).drop("base").dropna().astype(int)

    def peers(self, economy: str) -> pd.DataFrame:
        """Return the economies most like this one, with how often it scores above each; none where it has no rank."""
        if not self.has_rank(economy):
            return pd.DataFrame(columns=["economy", "distance", "indicators", "rank", "median", "above"])
        table = peers(self.normalised, self.rankings["rank"], economy)
        table["median"] = self.rankings.loc[table.index, "median"].astype(int)
        table["above"] = self.above.loc[economy, list(table.index)]
        return table

    def neighbours(self, economy: str) -> dict[str, str]:
        """Return the economies one place "ahead" and one place "behind" in the base index, where there are any."""
        order = list(self.rankings.sort_values(["rank", "median", "mean"], kind="stable").index)
        if economy not in order:
            return {}
        place = order.index(economy)
        beside = {"ahead": order[max(place - 1, 0) : place], "behind": order[place + 1 : place + 2]}
        return {where: codes[0] for where, codes in beside.items() if codes}

    def years(self, economy: str) -> pd.DataFrame:
        """Return rank and score of an economy on fixed goalposts, and its values, one row a year."""
        values, index = (
            frame[frame.index.get_level_values("iso3") == economy].droplevel("iso3")
            for frame in (self.values_by_year, self.index_by_year)
        )
        table = index.reindex(values.index)[["rank", "score"]].astype({"rank": "Int64"})
        return table.join(values.rename(columns=short_labels(values.columns))).rename_axis("year").reset_index()

    def in_order(self, members: Sequence[str]) -> list[str]:
        """Return the code of every member: those with a rank by median rank, then the others by name."""
        order = self.rankings.sort_values(["median", "mean"], kind="stable").index
        found = [code for code in order if code in members]
        return [*found, *sorted(set(members) - set(found), key=economies.name)]
