"""Domestic and foreign intermediate inputs of industries: R, S and the sources of foreign inputs."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from helpers.input_output.table import InterCountryTable

SCOPES = ("all", "manufactured", "own_sector")


def inputs_by_source(table: InterCountryTable) -> dict[str, np.ndarray]:
    """Sum each industry's inputs by the country they come from.

    Parameters
    ----------
    table : InterCountryTable

    Returns
    -------
    dict of str to ndarray, shape (countries, n)
        For the scopes `all` products, `manufactured` products and products of the `own_sector`: inputs of the
        industry in the column bought from the country in the row, own country included; million US$.
    """
    products = _sum_rows_by_country(table, np.ones(len(table.output)))
    manufactured = _sum_rows_by_country(table, table.manufacturing.astype(float))
    return {"all": products, "manufactured": manufactured, "own_sector": _own_sector(table)}


def _sum_rows_by_country(table: InterCountryTable, weights: np.ndarray) -> np.ndarray:
    n = len(table.output)
    chosen = csr_array((weights, (table.country_of_row, np.arange(n))), shape=(len(table.countries), n))
    chosen.eliminate_zeros()
    return chosen @ table.intermediate


def _own_sector(table: InterCountryTable) -> np.ndarray:
    summed = np.zeros((len(table.countries), len(table.output)))
    for rows in table.labels.groupby("sector", sort=False).indices.values():
        block = table.intermediate[np.ix_(rows, rows)]
        sources, starts = np.unique(table.country_of_row[rows], return_index=True)
        summed[np.ix_(sources, rows)] = np.add.reduceat(block, starts, axis=0)
    return summed


def manufacturing_inputs(table: InterCountryTable, bought: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return domestic and foreign inputs of every manufacturing industry.

    Parameters
    ----------
    table : InterCountryTable
    bought : dict
        Result of `inputs_by_source`.

    Returns
    -------
    DataFrame
        `iso3, year, sector, domestic_all, foreign_all, domestic_manufactured, foreign_manufactured,
        domestic_own_sector, foreign_own_sector, value_added, gross_output`; million US$. The columns of the
        embedded table `wiod2016_manufacturing_inputs`.
    """
    columns = {}
    for scope in SCOPES:
        domestic = bought[scope][table.country_of_row, np.arange(len(table.output))]
        columns[f"domestic_{scope}"] = domestic
        columns[f"foreign_{scope}"] = bought[scope].sum(axis=0) - domestic
    columns |= {"value_added": table.value_added, "gross_output": table.output}
    frame = table.labels[["iso3", "sector"]].assign(**columns)[table.manufacturing]
    summed = frame.groupby(["iso3", "sector"], as_index=False).sum()
    summed.insert(1, "year", table.year)
    return summed


def manufacturing_inputs_by_source(table: InterCountryTable, bought: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return inputs of all manufacturing by using and source country, the own country included.

    Returns
    -------
    DataFrame
        `iso3, source_iso3, year, inputs_all, inputs_manufactured, inputs_own_sector`; million US$. The columns of
        the embedded table `wiod2013_manufacturing_inputs_by_source`.
    """
    columns = {}
    for scope in SCOPES:
        used = np.where(table.manufacturing, bought[scope], 0.0)
        columns[f"inputs_{scope}"] = table.sum_by_country(used, axis=1).T.ravel()
    names = pd.MultiIndex.from_product([table.countries, table.countries], names=["iso3", "source_iso3"])
    frame = pd.DataFrame(columns, index=names).reset_index()
    frame.insert(2, "year", table.year)
    return frame


def sourcing_ratios(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return R and S of every industry and scope.

    R = D/F is the domestic-foreign ratio, S = F/(D+F) the foreign input share (Krenz, Prettner and Strulik 2021;
    Castellani et al. 2013). R is empty where an industry buys nothing abroad, S where it buys nothing.

    Parameters
    ----------
    inputs : DataFrame
        Result of `manufacturing_inputs`.

    Returns
    -------
    DataFrame
        `iso3, year, sector, scope, domestic, foreign, ratio, foreign_share, foreign_per_output`.
    """
    parts = []
    for scope in SCOPES:
        domestic, foreign = inputs[f"domestic_{scope}"], inputs[f"foreign_{scope}"]
        part = inputs[["iso3", "year", "sector"]].assign(scope=scope, domestic=domestic, foreign=foreign)
        part["ratio"] = domestic / foreign.where(foreign > 0)
        part["foreign_share"] = foreign / (domestic + foreign).where(domestic + foreign > 0)
        part["foreign_per_output"] = foreign / inputs["gross_output"].where(inputs["gross_output"] > 0)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
