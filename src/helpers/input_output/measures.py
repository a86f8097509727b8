"""All measures of one year's table: inputs by source, exports by end use, value added in exports, value chains."""

import numpy as np
import pandas as pd

from helpers.input_output.leontief import LeontiefSystem
from helpers.input_output.table import InterCountryTable

SCOPES = ("all", "manufactured", "own_sector")
TERMS = ["DVA_FIN", "DVA_INT", "DVA_INTrex", "RDV_FIN", "RDV_INT", "DDC", "FVA_FIN", "FVA_INT", "FDC"]
DEFINITIONS = {
    "hummels-koopman": (
        "Backward: foreign value added in gross exports (vertical specialisation, Hummels, Ishii and Yi 2001). "
        "Forward: domestic value added in the gross exports of other countries (Koopman, Powers, Wang and Wei 2010). "
        "Flows that cross borders several times count each time."
    ),
    "koopman-wang-wei": (
        "Koopman, Wang and Wei (2014) without the doubly counted terms. Backward: FVA_FIN + FVA_INT. "
        "Forward: DVA_INTrex + RDV_FIN + RDV_INT."
    ),
    "borin-mancini": (
        "Borin and Mancini (2019). All exports but the domestic value added that the direct importer absorbs. "
        "Backward: exports less the domestic value added that left the country for the first time. "
        "Forward: the part of that value added which the direct importer exports again."
    ),
}


def measures(table: InterCountryTable) -> dict[str, pd.DataFrame]:
    """Compute every measure of one year's table with one factorisation.

    Returns
    -------
    dict of str to DataFrame
        `manufacturing_inputs`, `manufacturing_inputs_by_source`, `sourcing_ratios`, `bilateral_by_end_use`,
        `exports_by_industry`, `value_added_by_source`, `gross_export_terms`, `value_chain_participation`.
    """
    bought = inputs_by_source(table)
    inputs = manufacturing_inputs(table, bought)
    system = LeontiefSystem(table)
    terms = koopman_wang_wei(system)
    return {
        "manufacturing_inputs": inputs,
        "manufacturing_inputs_by_source": manufacturing_inputs_by_source(table, bought),
        "sourcing_ratios": sourcing_ratios(inputs),
        "bilateral_by_end_use": bilateral_by_end_use(system),
        "exports_by_industry": exports_by_industry(system),
        "value_added_by_source": value_added_by_source(system),
        "gross_export_terms": terms,
        "value_chain_participation": participation(system, terms),
    }


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
    manufactured = np.where(table.manufacturing[:, None], table.intermediate, 0.0)
    return {
        "all": table.sum_by_country(table.intermediate),
        "manufactured": table.sum_by_country(manufactured),
        "own_sector": _own_sector(table),
    }


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


def bilateral_by_end_use(system: LeontiefSystem) -> pd.DataFrame:
    """Return exports of manufactures and of goods by destination, for intermediate and for final use.

    Parameters
    ----------
    system : LeontiefSystem

    Returns
    -------
    DataFrame
        `exporter, importer, year, scope, intermediate, final`; million US$, without sales at home. The columns of
        the embedded table `wiod2013_bilateral_by_end_use`.
    """
    table = system.table
    parts = []
    for scope, rows in (("goods", table.goods), ("manufacturing", table.manufacturing)):
        intermediate = table.sum_by_country(np.where(rows[:, None], system.intermediate_by_country, 0.0))
        final = table.sum_by_country(np.where(rows[:, None], table.final_by_country, 0.0))
        names = pd.MultiIndex.from_product([table.countries, table.countries], names=["exporter", "importer"])
        frame = pd.DataFrame({"intermediate": intermediate.ravel(), "final": final.ravel()}, index=names).reset_index()
        frame.insert(2, "year", table.year)
        frame.insert(3, "scope", scope)
        parts.append(frame[frame["exporter"] != frame["importer"]])
    return pd.concat(parts, ignore_index=True)


def koopman_wang_wei(system: LeontiefSystem) -> pd.DataFrame:
    """Decompose each country's gross exports into the nine terms of Koopman, Wang and Wei (2014), equation 36.

    Domestic value added in final goods (DVA_FIN), in intermediates the direct importer absorbs (DVA_INT) or passes to
    third countries (DVA_INTrex), value added that returns home in final (RDV_FIN) or intermediate goods (RDV_INT),
    domestic double counting (DDC), foreign value added in final (FVA_FIN) and intermediate goods (FVA_INT), and
    foreign double counting (FDC).

    Parameters
    ----------
    system : LeontiefSystem

    Returns
    -------
    DataFrame
        `iso3, year` and the nine terms, million US$; they add up to the country's gross exports.
    """
    terms = _domestic_terms(system) | _foreign_terms(system)
    frame = pd.DataFrame({"iso3": system.table.countries, "year": system.table.year})
    return frame.assign(**{name: terms[name] for name in TERMS})


def _domestic_terms(system: LeontiefSystem) -> dict[str, np.ndarray]:
    table, multipliers, foreign = system.table, system.value_added_by_source, system.foreign
    final = table.final_by_country
    row = np.arange(len(table.output))
    own = multipliers[row, table.country_of_row]
    at_home = final[row, table.country_of_row]
    sold_abroad = np.where(foreign, final, 0.0)
    abroad = np.where(foreign, multipliers, 0.0)
    absorbed, passed_on = system.absorbed_and_passed_on
    returned = (abroad * sold_abroad).sum(axis=0)
    return {
        "DVA_FIN": system.table.sum_by_country(own * sold_abroad.sum(axis=1)),
        "DVA_INT": abroad.T @ at_home,
        "DVA_INTrex": abroad.T @ sold_abroad.sum(axis=1) - returned,
        "RDV_FIN": returned,
        "RDV_INT": (abroad * absorbed).sum(axis=0),
        "DDC": (abroad * passed_on).sum(axis=0),
    }


def _foreign_terms(system: LeontiefSystem) -> dict[str, np.ndarray]:
    content = np.where(system.foreign, system.value_added_by_source, 0.0).sum(axis=1)
    sold_abroad = np.where(system.foreign, system.table.final_by_country, 0.0).sum(axis=1)
    absorbed, passed_on = (flows.sum(axis=1) for flows in system.absorbed_and_passed_on)
    return {
        "FVA_FIN": system.table.sum_by_country(content * sold_abroad),
        "FVA_INT": system.table.sum_by_country(content * absorbed),
        "FDC": system.table.sum_by_country(content * passed_on),
    }


def value_added_by_source(system: LeontiefSystem) -> pd.DataFrame:
    """Decompose the gross exports of each industry by the country whose value added they hold.

    The value added of country s in the exports of industry j is v_s B_sj e_j, with B the Leontief inverse and e gross
    exports (Leontief decomposition weighted by exports).

    Parameters
    ----------
    system : LeontiefSystem

    Returns
    -------
    DataFrame
        `source_iso3, iso3, sector, year, value_added`; million US$. Sums over sources equal the industry's exports.
    """
    table = system.table
    contained = (system.value_added_by_source * system.exports[:, None]).T
    n, countries = system.value_added_by_source.shape
    users = table.labels[["iso3", "sector"]].take(np.tile(np.arange(n), countries)).reset_index(drop=True)
    sources = pd.Series(table.countries, dtype="str").repeat(n).array
    frame = users.assign(source_iso3=sources, year=table.year, value_added=contained.ravel())
    return _parts_added(table, frame[["source_iso3", "iso3", "sector", "year", "value_added"]])


def _parts_added(table: InterCountryTable, frame: pd.DataFrame) -> pd.DataFrame:
    """Return amounts of industries with those of one economy that a table splits by type of firm added up."""
    if not table.labels.duplicated(["iso3", "sector"]).any():
        return frame
    names = [name for name in frame if name in ("source_iso3", "iso3", "sector", "year")]
    return frame.groupby(names, as_index=False, sort=False).sum()


def exports_by_industry(system: LeontiefSystem) -> pd.DataFrame:
    """Return gross exports of each industry and the domestic and foreign value added in them.

    Returns
    -------
    DataFrame
        `iso3, sector, year, exports, domestic_value_added, foreign_value_added`; million US$.
    """
    table = system.table
    own = system.value_added_by_source[np.arange(len(table.output)), table.country_of_row] * system.exports
    every = system.value_added_by_source.sum(axis=1) * system.exports
    frame = table.labels[["iso3", "sector"]].assign(year=table.year, exports=system.exports)
    return _parts_added(table, frame.assign(domestic_value_added=own, foreign_value_added=every - own))


def participation(system: LeontiefSystem, terms: pd.DataFrame | None = None) -> pd.DataFrame:
    """Measure each country's backward and forward participation in global value chains, by three definitions.

    The definitions are told in `DEFINITIONS`; they give different numbers, so a figure must name the one it shows.

    Parameters
    ----------
    system : LeontiefSystem
    terms : DataFrame, optional
        Result of `koopman_wang_wei`, when it is at hand.

    Returns
    -------
    DataFrame
        `iso3, year, definition, exports, backward, forward` (million US$), `backward_share, forward_share,
        participation` (of exports; `participation` is their sum).
    """
    terms = koopman_wang_wei(system) if terms is None else terms
    abroad = np.where(system.foreign, system.value_added_by_source * system.exports[:, None], 0.0)
    flows = {
        "hummels-koopman": (system.table.sum_by_country(abroad.sum(axis=1)), abroad.sum(axis=0)),
        "koopman-wang-wei": (
            terms[["FVA_FIN", "FVA_INT"]].sum(axis=1),
            terms[["DVA_INTrex", "RDV_FIN", "RDV_INT"]].sum(axis=1),
        ),
        "borin-mancini": _borin_mancini(system),
    }
    exports = system.table.sum_by_country(system.exports)
    names = {"iso3": system.table.countries, "year": system.table.year, "exports": exports}
    parts = [
        pd.DataFrame(names | {"definition": definition, "backward": backward, "forward": forward})
        for definition, (backward, forward) in flows.items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    sold = frame["exports"].where(frame["exports"] > 0)
    frame["backward_share"], frame["forward_share"] = frame["backward"] / sold, frame["forward"] / sold
    frame["participation"] = frame["backward_share"] + frame["forward_share"]
    return frame[["iso3", "year", "definition", *frame.columns.drop(["iso3", "year", "definition"])]]


def _borin_mancini(system: LeontiefSystem) -> tuple[np.ndarray, np.ndarray]:
    """Weigh flows by the value added that a country's own industries put in before goods first leave it."""
    local = np.concatenate(
        [
            np.linalg.solve(system.local_block(country).T, system.value_added_share[block])
            for country, block in enumerate(system.table.blocks)
        ]
    )
    passed_on = system.absorbed_and_passed_on[1].sum(axis=1)
    return system.table.sum_by_country((1 - local) * system.exports), system.table.sum_by_country(local * passed_on)
