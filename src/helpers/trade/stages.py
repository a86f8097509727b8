"""Yearly series of exports by economy, from three kinds of source.

UNCTAD's stages of processing are not the Broad Economic Categories (BEC): chips, displays and parts of machines
count as capital goods here, as intermediate goods there.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.errors import InputError, not_allowed
from helpers.trade.definitions import STAGES

GOODS_SECTORS = ("Primary", "Low-technology manufacturing", "Medium- to high-technology manufacturing")


def stage_series(
    table: pd.DataFrame, stage: str, flow: str = "Export", economies: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return trade with the world of the goods of one definition, years by economies.

    Parameters
    ----------
    table : DataFrame
        WITS trade by stage: `iso3, flow, product, year, usd_mn`.
    stage : str
        One of `helpers.trade.definitions.STAGES`.
    flow : str
        `Export` or `Import`.
    economies : sequence of str, optional
        Reporters kept; sums over regions stand among the reporters and have to be left out by it.

    Returns
    -------
    DataFrame, shape (years, economies)
        Million US$, current prices; missing where one of the product groups was not reported.

    Raises
    ------
    InputError
        Unknown stage or flow.
    """
    if stage not in STAGES:
        raise InputError(not_allowed("stage definition", stage, STAGES))
    if flow not in ("Export", "Import"):
        raise InputError(not_allowed("trade flow", flow, ("Export", "Import")))
    kept = table[(table["flow"] == flow) & table["product"].isin(STAGES[stage])]
    if economies is not None:
        kept = kept[kept["iso3"].isin(list(economies))]
    groups = kept.groupby(["year", "iso3"])["usd_mn"]
    return groups.sum().where(groups.count() == len(STAGES[stage])).unstack("iso3")


def end_use_series(bilateral: pd.DataFrame, scope: str = "goods") -> pd.DataFrame:
    """Return exports of intermediates by end use in input-output tables, years by exporters (million US$)."""
    kept = bilateral[(bilateral["scope"] == scope) & (bilateral["exporter"] != bilateral["importer"])]
    sums = kept.groupby(["year", "exporter"])["intermediate"].sum().unstack("exporter")
    return sums.drop(columns="RoW", errors="ignore").rename_axis(columns="iso3")


def goods_exports_series(value_added: pd.DataFrame) -> pd.DataFrame:
    """Return gross exports of goods (all uses) of the ADB tables, years by economies (million US$)."""
    kept = value_added[value_added["sector"].isin(GOODS_SECTORS)]
    sums = kept.groupby(["year", "iso3"])["gross_exports"].sum().unstack("iso3")
    return sums.drop(columns="ROW", errors="ignore")


def part_of_exports(levels: Mapping[str, pd.DataFrame], economy: str, year: int) -> dict[str, float]:
    """Return what part of an economy's exports each stage definition covers in a year, percent."""
    total = levels["all"].loc[year, economy]
    return {name: float(100 * frame.loc[year, economy] / total) for name, frame in levels.items()}
