"""What the section on intermediate trade leaves for other programs: metrics, and evidence for the claims."""

from collections.abc import Iterator
from functools import partial
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
    found: dict[str, Any] = {"focus": focus, "economies": standing["economies"]}
    for code, row in table.iterrows():
        short = str(code).lower()
        found |= {f"growth_early_{short}": row["early"], f"growth_late_{short}": row["late"]}
        found[f"change_{short}"] = row["change"]
        if pd.notna(row["study_late"]):
            found |= {f"study_growth_late_{short}": row["study_late"], f"study_change_{short}": row["study_change"]}
    short = "korea" if focus == "KOR" else focus.lower()
    return found | {
        f"{short}_growth_percentile": standing["late_percentile"],
        f"{short}_change_percentile": standing["change_percentile"],
        f"{short}_growth_rank": standing["late_rank"],
        "growth_early_median": standing["early_median"],
        "growth_late_median": standing["late_median"],
        "change_median": standing["change_median"],
    }


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
    leads = abroad.leads(table, chosen.hosts)
    for which, lead in leads.items():
        found |= {
            f"hosts_gap{which}": lead.value,
            f"hosts_gap{which}_low": lead.low,
            f"hosts_gap{which}_high": lead.high,
        }
    found |= {"hosts_gap_p": leads[""].p, "others_count": leads[""].others}
    return found | {"hosts_multiple_without_largest": rest["last"] / rest["first"]}


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
    years = (2011, 2014, *range(2018, 2023))
    found: dict[str, Any] = {f"tiva_intermediate_{year}": sent[year] / 1000 for year in years}
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
    return found | {f"published_{str(what).lower()}_{year}": value for (what, year), value in published.stack().items()}


def _record(value: Any, measure: str, text: str, table: str | None, **more: Any) -> dict[str, Any]:
    """Return evidence on Korea's exports to production bases abroad, in percent a year unless told otherwise."""
    found = {"claim": ABROAD, "economy": abroad.KOREA, "unit": "percent a year"}
    return found | {"value": value, "measure": measure, "text": text, "table": table} | more


def host_evidence(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what hosts, TiVA and the newest inter-country table say of Korea's exports to production bases.

    Parameters
    ----------
    found : dict
        Results of `host_metrics` and `sent_metrics` together.
    """
    years = f"{found['hosts_first']}-{found['hosts_last']}"
    for group in ("hosts", "others"):
        text = f"Imports of all goods from Korea as {group} report them, {years}, last over first year."
        yield _record(found[f"{group}_multiple"], f"imports of {group} from Korea", text, "hosts", unit="times")
    text = f"Mean growth of imports from Korea of hosts less that of other importers, {years}."
    sure = {"low": found["hosts_gap_low"], "high": found["hosts_gap_high"], "interval": "95% (Welch)"}
    sure |= {"p": found["hosts_gap_p"], "n": found["others_count"], "unit": "percentage points a year"}
    yield _record(found["hosts_gap"], "lead of hosts over others", text, "hosts", **sure)
    text = "Compound growth of Korea's manufactured exports for intermediate use to all destinations, 2011-2022."
    yield _record(found["tiva_growth_newest"], "to all destinations, TiVA", text, None, figure="sent")


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
        growth_of = f"annual growth of exports of {name(str(code))}"
        grown = f"Mean {growth_of}, {late[0]}-{late[1]} ({goods})."
        changed = f"Change of mean {growth_of} against the earlier window ({goods})."
        for column, unit, measure, text in (
            ("late", "percent a year", "growth in the later window", grown),
            ("change", "percentage points", "change against the earlier window", changed),
        ):
            study = row[f"study_{column}"]
            yield common | {"value": row[column], "unit": unit, "study": study, "measure": measure, "text": text}


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
    first, last = late
    exports = f"intermediate exports of {name(str(row.name))}"
    record = partial(_record, economy=row.name)
    text = f"Mean annual growth of {exports} to the world, {first}-{last}."
    place = {"percentile": standing["late_percentile"], "n": standing["economies"]}
    yield record(row["late"], "growth in the later window", text, "growth", **place)
    text = f"Compound growth of {exports} to the world, level {first} to {last}."
    yield record(compound_late, "compound growth in the later window", text, "growth")
    text = f"Change of mean annual growth of {exports} against the earlier window."
    yield record(row["change"], "change against the earlier window", text, "growth", unit="percentage points")
    for span, value in to_bases.items():
        table = "gross-destinations" if "gross" in str(span) else "destinations-periods"
        text = f"Compound annual growth of exports of {name(str(row.name))} to production bases, {span}."
        yield record(value, f"to production bases, {span}", text, table)


def product_metrics(
    destined: pd.DataFrame, rivals: pd.DataFrame, placed: dict[str, float | int | None]
) -> dict[str, Any]:
    """Return the numbers of product-level trade under flat names; growth in percent a year, shares in percent.

    Parameters
    ----------
    destined, rivals, placed
        Results of `destinations.product_destinations`, `beside_rivals` and `standing_at_bases`.
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
        Results of `destinations.beside_rivals`, `product_destinations` and `standing_at_bases`.
    years : tuple of int
        First and last year.
    focus : str
        Alpha-3 code.
    """
    first, last = years
    goods = f"intermediate goods (BEC Rev. 4) of {focus}, {first}-{last}, product-level trade"
    record = partial(_record, economy=focus)
    text = f"Compound annual growth of exports to production bases of {goods}."
    place = {"percentile": placed["percentile"], "n": placed["economies"]}
    growing = rivals.loc[focus, "growth"]
    yield record(growing, "to production bases, product-level", text, "products-rivals", **place)
    for code, row in destined.drop(index=[BASES, ALL]).iterrows():
        text = f"Compound annual growth of exports to {code} of {goods}."
        yield record(row["cagr"], f"to {code}, product-level", text, "products-destinations")
