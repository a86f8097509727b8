"""What the section on intermediate trade leaves for other programs: metrics, and evidence for the claims."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd


def metrics(table: pd.DataFrame, standing: dict[str, float | int], focus: str) -> dict[str, Any]:
    """Return growth in both windows, its change and the study's figures under flat names, and the focus's place.

    Growth in percent a year, changes in percentage points.
    """
    found: dict[str, Any] = {"focus": focus}
    heads = {"early": "growth_early", "late": "growth_late", "change": "change"}
    for code, row in table.iterrows():
        short = str(code).lower()
        found |= {f"{head}_{short}": row[column] for column, head in heads.items()}
        if pd.notna(row["study_late"]):
            found |= {f"study_growth_late_{short}": row["study_late"], f"study_change_{short}": row["study_change"]}
    name = "korea" if focus == "KOR" else focus.lower()
    found[f"{name}_growth_percentile"] = standing["late_percentile"]
    found[f"{name}_change_percentile"] = standing["change_percentile"]
    found[f"{name}_growth_rank"] = standing["late_rank"]
    medians = {f"growth_{label}_median": standing[f"{label}_median"] for label in ("early", "late")}
    return found | medians | {"change_median": standing["change_median"], "economies": standing["economies"]}


def rival_evidence(
    table: pd.DataFrame, late: tuple[int, int], goods: str, names: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield growth in the later window and its change for the economies the study names."""
    for code, row in table[table["study_late"].notna()].iterrows():
        common = {"claim": "rivals-slowed-2011", "table": "growth", "economy": str(code), "goods": goods}
        yield common | {
            "value": row["late"],
            "unit": "percent a year",
            "study": row["study_late"],
            "measure": "growth in the later window",
            "text": f"Mean annual growth of exports of {names[str(code)]}, {late[0]}-{late[1]} ({goods}).",
        }
        yield common | {
            "value": row["change"],
            "unit": "percentage points",
            "study": row["study_change"],
            "measure": "change against the earlier window",
            "text": f"Change of mean annual growth of exports of {names[str(code)]} against the earlier window "
            f"({goods}).",
        }


def abroad_evidence(
    row: pd.Series,
    compound_late: float,
    standing: dict[str, float | int],
    to_bases: pd.Series,
    focus: str,
    late: tuple[int, int],
    name: str,
) -> Iterator[dict[str, Any]]:
    """Yield what is known of intermediate exports to production bases abroad, before and since the study's date."""
    common = {"claim": "korea-intermediates-abroad-2011", "economy": focus, "unit": "percent a year"}
    yield common | {
        "value": row["late"],
        "text": f"Mean annual growth of intermediate exports of {name} to the world, {late[0]}-{late[1]}.",
        "table": "growth",
        "measure": "growth in the later window",
        "percentile": standing["late_percentile"],
        "n": standing["economies"],
    }
    yield common | {
        "value": compound_late,
        "text": f"Compound growth of intermediate exports of {name} to the world, level {late[0]} to {late[1]}.",
        "table": "growth",
        "measure": "compound growth in the later window",
    }
    yield common | {
        "value": row["change"],
        "unit": "percentage points",
        "text": f"Change of mean annual growth of intermediate exports of {name} against the earlier window.",
        "table": "growth",
        "measure": "change against the earlier window",
    }
    for span, value in to_bases.items():
        yield common | {
            "value": value,
            "text": f"Compound annual growth of exports of {name} to production bases, {span}.",
            "table": "gross-destinations" if "gross" in span else "destinations-periods",
            "measure": f"to production bases, {span}",
        }
