"""What the section on intermediate trade leaves for other programs: metrics, and evidence for the claims."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from helpers.trade.destinations import ALL, BASES
from helpers.trade.tables import name

ABROAD = "korea-intermediates-abroad-2011"


def metrics(table: pd.DataFrame, standing: dict[str, float | int], focus: str) -> dict[str, Any]:
    """Return growth in both windows, its change and the study's figures under flat names, and the focus's place.

    Parameters
    ----------
    table : DataFrame
        Result of `growth.beside_study`: growth in percent a year, changes in percentage points.
    standing : dict
        Result of `growth.standing`.
    focus : str
        Alpha-3 code.
    """
    found: dict[str, Any] = {"focus": focus}
    heads = {"early": "growth_early", "late": "growth_late", "change": "change"}
    for code, row in table.iterrows():
        short = str(code).lower()
        found |= {f"{head}_{short}": row[column] for column, head in heads.items()}
        if pd.notna(row["study_late"]):
            found |= {f"study_growth_late_{short}": row["study_late"], f"study_change_{short}": row["study_change"]}
    short = "korea" if focus == "KOR" else focus.lower()
    found[f"{short}_growth_percentile"] = standing["late_percentile"]
    found[f"{short}_change_percentile"] = standing["change_percentile"]
    found[f"{short}_growth_rank"] = standing["late_rank"]
    medians = {f"growth_{label}_median": standing[f"{label}_median"] for label in ("early", "late")}
    return found | medians | {"change_median": standing["change_median"], "economies": standing["economies"]}


def rival_evidence(table: pd.DataFrame, late: tuple[int, int], goods: str) -> Iterator[dict[str, Any]]:
    """Yield growth in the later window and its change for the economies the study names.

    Parameters
    ----------
    table : DataFrame
        Result of `growth.beside_study`.
    late : tuple of int
        First and last year of the later window.
    goods : str
        The goods in words.
    """
    for code, row in table[table["study_late"].notna()].iterrows():
        common = {"claim": "rivals-slowed-2011", "table": "growth", "economy": str(code), "goods": goods}
        yield common | {
            "value": row["late"],
            "unit": "percent a year",
            "study": row["study_late"],
            "measure": "growth in the later window",
            "text": f"Mean annual growth of exports of {name(str(code))}, {late[0]}-{late[1]} ({goods}).",
        }
        yield common | {
            "value": row["change"],
            "unit": "percentage points",
            "study": row["study_change"],
            "measure": "change against the earlier window",
            "text": f"Change of mean annual growth of exports of {name(str(code))} against the earlier window "
            f"({goods}).",
        }


def abroad_evidence(
    row: pd.Series,
    compound_late: float,
    standing: dict[str, float | int],
    to_bases: pd.Series,
    late: tuple[int, int],
) -> Iterator[dict[str, Any]]:
    """Yield what is known of intermediate exports to production bases abroad, before and since the study's date.

    Parameters
    ----------
    row : Series
        The focus economy's row of `growth.beside_study`, named by its code.
    compound_late : float
        Compound growth of its exports between the ends of the later window, percent a year.
    standing : dict
        Result of `growth.standing`.
    to_bases : Series
        Result of `destinations.growth_to_bases`.
    late : tuple of int
        First and last year of the later window.
    """
    common = {"claim": ABROAD, "economy": row.name, "unit": "percent a year"}
    exports = f"intermediate exports of {name(str(row.name))}"
    yield common | {
        "value": row["late"],
        "text": f"Mean annual growth of {exports} to the world, {late[0]}-{late[1]}.",
        "table": "growth",
        "measure": "growth in the later window",
        "percentile": standing["late_percentile"],
        "n": standing["economies"],
    }
    yield common | {
        "value": compound_late,
        "text": f"Compound growth of {exports} to the world, level {late[0]} to {late[1]}.",
        "table": "growth",
        "measure": "compound growth in the later window",
    }
    yield common | {
        "value": row["change"],
        "unit": "percentage points",
        "text": f"Change of mean annual growth of {exports} against the earlier window.",
        "table": "growth",
        "measure": "change against the earlier window",
    }
    for span, value in to_bases.items():
        yield common | {
            "value": value,
            "text": f"Compound annual growth of exports of {name(str(row.name))} to production bases, {span}.",
            "table": "gross-destinations" if "gross" in span else "destinations-periods",
            "measure": f"to production bases, {span}",
        }


def product_metrics(
    destined: pd.DataFrame, rivals: pd.DataFrame, placed: dict[str, float | int | None]
) -> dict[str, Any]:
    """Return the numbers of product-level trade under flat names; growth in percent a year, shares in percent.

    Parameters
    ----------
    destined, rivals, placed
        Results of `product_level.by_destination`, `beside_rivals` and `standing`.
    """
    found: dict[str, Any] = {f"products_{name}": value for name, value in placed.items()}
    names = {code: str(code).lower().replace(" ", "_") for code in destined.index}
    found |= {f"products_growth_to_{names[code]}": row["cagr"] for code, row in destined.iterrows()}
    for code, row in rivals.iterrows():
        found |= {f"products_{name}_{str(code).lower()}": row[name] for name in ("growth", "multiple", "share_end")}
    return found


def product_evidence(
    rivals: pd.DataFrame,
    destined: pd.DataFrame,
    placed: dict[str, float | int | None],
    years: tuple[int, int],
    focus: str,
) -> Iterator[dict[str, Any]]:
    """Yield what product-level trade says of intermediate exports to bases abroad since the study's date.

    Parameters
    ----------
    rivals, destined, placed
        Results of `product_level.beside_rivals`, `by_destination` and `standing`.
    years : tuple of int
        First and last year.
    focus : str
        Alpha-3 code.
    """
    first, last = years
    common = {"claim": ABROAD, "economy": focus, "unit": "percent a year", "table": "products-rivals"}
    goods = f"intermediate goods (BEC Rev. 4) of {focus}, {first}-{last}, product-level trade"
    yield common | {
        "value": rivals.loc[focus, "growth"],
        "text": f"Compound annual growth of exports to production bases of {goods}.",
        "measure": "to production bases, product-level",
        "percentile": placed["percentile"],
        "n": placed["economies"],
    }
    for code, row in destined.drop(index=[BASES, ALL]).iterrows():
        yield common | {
            "value": row["cagr"],
            "text": f"Compound annual growth of exports to {code} of {goods}.",
            "table": "products-destinations",
            "measure": f"to {code}, product-level",
        }
