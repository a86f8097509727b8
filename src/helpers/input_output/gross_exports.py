"""Koopman, Wang and Wei's nine terms of gross exports."""

import numpy as np
import pandas as pd

from helpers.input_output.leontief import LeontiefSystem

TERMS = ["DVA_FIN", "DVA_INT", "DVA_INTrex", "RDV_FIN", "RDV_INT", "DDC", "FVA_FIN", "FVA_INT", "FDC"]


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
