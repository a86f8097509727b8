"""What the section on intermediate trade leaves for other programs: metrics, and evidence for the claims."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from helpers.trade import abroad, growth
from helpers.trade.destinations import ALL, BASES
from helpers.trade.parameters import IntermediateTradeParameters
from helpers.trade.tables import name

ABROAD = "korea-intermediates-abroad-2011"
#: The study's date, and the last year before the pandemic.
TURNS = (2011, 2019)


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


def host_metrics(table: pd.DataFrame, shares: pd.DataFrame, chosen: IntermediateTradeParameters) -> dict[str, Any]:
    """Return imports from Korea as hosts and others report them, under flat names: billion US$, percent a year.

    Parameters
    ----------
    table : DataFrame
        From `abroad.by_reporter`.
    shares : DataFrame, shape (years, reporters)
        Korea's share of the reporter's imports, percent.
    chosen : IntermediateTradeParameters
        The hosts and the years.
    """
    first, last = chosen.host_years
    found: dict[str, Any] = {"hosts_first": first, "hosts_last": last, "hosts_before": 2 * first - last}
    for code in chosen.hosts:
        short = code.lower()
        for end, year in (("first", first), ("last", last)):
            found[f"host_imports_{short}_{end}"] = table.loc[code, end] / 1000
            found[f"host_share_{short}_{end}"] = shares.loc[year, code]
        found[f"host_growth_{short}"] = table.loc[code, "growth"]
    for short, group in (("hosts", abroad.BASES), ("others", abroad.OTHERS)):
        row = table.loc[group]
        found |= {f"{short}_multiple": row["last"] / row["first"], f"{short}_growth": row["growth"]}
        found |= {f"{short}_growth_before": row["growth_before"]}
    most = abroad.largest_gain(table, chosen.hosts)
    rest = table.loc[abroad.BASES] - table.loc[most]
    gained = (table["last"] - table["first"])[[most, abroad.BASES]]
    found |= {"hosts_largest": most, "hosts_largest_part": 100 * gained[most] / gained[abroad.BASES]}
    found["hosts_multiple_without_largest"] = rest["last"] / rest["first"]
    leads = abroad.leads(table, chosen.hosts)
    for which, lead in leads.items():
        gap = f"hosts_gap{which}"
        found |= {gap: lead.value, f"{gap}_low": lead.low, f"{gap}_high": lead.high}
    return found | {"hosts_gap_p": leads[""].p, "others_count": leads[""].others}


def sent_metrics(
    sent: pd.Series, by_table: pd.DataFrame, shares: pd.Series, published: pd.DataFrame, totals: pd.Series
) -> dict[str, Any]:
    """Return what Korea sends as other sources show it, under flat names: billion US$, percent a year, percent.

    Parameters
    ----------
    sent : Series
        Exports for intermediate use by year, from `abroad.intermediate_exports`.
    by_table : DataFrame, shape (destinations, years)
        From `abroad.by_destination`.
    shares : Series
        From `abroad.shares_to`, of the newest table.
    published : DataFrame
        From `abroad.published_shares`.
    totals : Series
        Exports of all goods by year, US$.
    """
    found: dict[str, Any] = {
        f"tiva_intermediate_{year}": sent[year] / 1000 for year in (2011, 2014, *range(2018, 2023))
    }
    found |= {f"totals_{year}": totals[year] / 1e9 for year in (*TURNS, 2025)}
    for source, series, first, last in (("tiva", sent, 2000, 2022), ("totals", totals, 2007, 2025)):
        spans = {"early": (first, TURNS[0]), "late": TURNS, "newest": (TURNS[0], last)}
        found |= {f"{source}_growth_{label}": growth.compound(series, *span) for label, span in spans.items()}
    for code in ("CHN", "VNM", "IND", "IDN", "MEX", "USA", "TWN"):
        found |= {f"icio_{year}_{code.lower()}": value / 1000 for year, value in by_table.loc[code].items()}
        found[f"icio_share_2022_{code.lower()}"] = 100 * by_table.loc[code, 2022] / by_table[2022].sum()
    found |= {f"icio_bases_share_{code.lower()}": shares.get(code) for code in ("KOR", "USA", "DEU", "JPN", "TWN")}
    found |= {"icio_bases_share_median": shares.drop("KOR").median(), "icio_exporters": len(shares)}
    found["icio_bases_rank"] = int(shares.rank(ascending=False)["KOR"])
    return found | {
        f"published_{str(what).lower()}_{year}": value
        for what, row in published.iterrows()
        for year, value in row.items()
    }


def host_evidence(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what hosts, TiVA and the newest inter-country table say of Korea's exports to production bases.

    Parameters
    ----------
    found : dict
        Results of `host_metrics` and `sent_metrics` together.
    """
    common = {"claim": ABROAD, "economy": abroad.KOREA}
    years = f"{found['hosts_first']}-{found['hosts_last']}"
    for group in ("hosts", "others"):
        yield common | {
            "value": found[f"{group}_multiple"],
            "unit": "times",
            "text": f"Imports of all goods from Korea as {group} report them, {years}, last over first year.",
            "table": "hosts",
            "measure": f"imports of {group} from Korea",
        }
    yield common | {
        "value": found["hosts_gap"],
        "low": found["hosts_gap_low"],
        "high": found["hosts_gap_high"],
        "interval": "95% (Welch)",
        "p": found["hosts_gap_p"],
        "n": found["others_count"],
        "unit": "percentage points a year",
        "text": f"Mean growth of imports from Korea of hosts less that of other importers, {years}.",
        "table": "hosts",
        "measure": "lead of hosts over others",
    }
    yield common | {
        "value": found["tiva_growth_newest"],
        "unit": "percent a year",
        "text": "Compound growth of Korea's manufactured exports for intermediate use to all destinations, 2011-2022.",
        "figure": "sent",
        "measure": "to all destinations, TiVA",
    }


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
