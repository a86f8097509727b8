"""Whose value added is in a country's exports: Leontief decomposition and participation in value chains."""

import numpy as np
import pandas as pd

from helpers.input_output.gross_exports import koopman_wang_wei
from helpers.input_output.leontief import LeontiefSystem

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
    return users.assign(source_iso3=sources, year=table.year, value_added=contained.ravel())[
        ["source_iso3", "iso3", "sector", "year", "value_added"]
    ]


def value_added_by_source_industry(system: LeontiefSystem) -> pd.DataFrame:
    """Decompose exports by source and using industry; forms the full Leontief inverse (n x n numbers).

    Returns
    -------
    DataFrame
        `source_iso3, source_sector, iso3, sector, year, value_added`, n x n rows; million US$.
    """
    labels = system.table.labels
    contained = system.value_added_share[:, None] * system.inverse() * system.exports
    sources = labels[["iso3", "sector"]].set_axis(["source_iso3", "source_sector"], axis=1)
    frame = sources.merge(labels[["iso3", "sector"]], how="cross")
    frame["year"] = system.table.year
    frame["value_added"] = contained.ravel()
    return frame


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
    return frame.assign(domestic_value_added=own, foreign_value_added=every - own)


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
    measured = {
        "hummels-koopman": _hummels_koopman(system),
        "koopman-wang-wei": _koopman_wang_wei(terms),
        "borin-mancini": _borin_mancini(system),
    }
    exports = system.table.sum_by_country(system.exports)
    parts = [_shares(system, name, exports, *flows) for name, flows in measured.items()]
    return pd.concat(parts, ignore_index=True)


def _shares(
    system: LeontiefSystem, definition: str, exports: np.ndarray, backward: np.ndarray, forward: np.ndarray
) -> pd.DataFrame:
    names = {"iso3": system.table.countries, "year": system.table.year, "definition": definition}
    frame = pd.DataFrame(names | {"exports": exports, "backward": backward, "forward": forward})
    sold = frame["exports"].where(frame["exports"] > 0)
    frame["backward_share"], frame["forward_share"] = frame["backward"] / sold, frame["forward"] / sold
    frame["participation"] = frame["backward_share"] + frame["forward_share"]
    return frame


def _hummels_koopman(system: LeontiefSystem) -> tuple[np.ndarray, np.ndarray]:
    contained = system.value_added_by_source * system.exports[:, None]
    abroad = np.where(system.foreign, contained, 0.0)
    return system.table.sum_by_country(abroad.sum(axis=1)), abroad.sum(axis=0)


def _koopman_wang_wei(terms: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    backward = terms[["FVA_FIN", "FVA_INT"]].sum(axis=1)
    forward = terms[["DVA_INTrex", "RDV_FIN", "RDV_INT"]].sum(axis=1)
    return backward.to_numpy(), forward.to_numpy()


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
