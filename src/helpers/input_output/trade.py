"""Exports between countries by end use, read off an input-output table."""

import numpy as np
import pandas as pd

from helpers.input_output.leontief import LeontiefSystem


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
