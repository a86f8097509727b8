"""Tables as readers see them: plain headings, intervals in one cell."""

import pandas as pd

MINUS = "\N{MINUS SIGN}"


def interval(low: float, high: float, digits: int = 1) -> str:
    """Write an interval as "1.2 to 3.4", with true minus signs; an empty string when it is missing."""
    if pd.isna(low) or pd.isna(high):
        return ""
    return f"{low:.{digits}f} to {high:.{digits}f}".replace("-", MINUS)


#: Names that English gives an article within a sentence.
WITH_ARTICLE = ("United States", "United Kingdom", "Netherlands", "Philippines", "Czech Republic", "Bahamas")


def in_sentence(name: str) -> str:
    """Return the name of an economy as it stands inside a sentence: "the United States", "Japan"."""
    return f"the {name}" if name.startswith(WITH_ARTICLE) else name


def p_value(p: float) -> str:
    """Write a p value for a table: three decimals, or that it is smaller than these can show."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def units(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of units with plain headings."""
    heads = {
        "kind": "kind",
        "iso3": "economy",
        "series": "series",
        "one_unit": "one unit is",
        "not_comparable": "why it stands alone",
        "newest": "newest figure",
        "figures": "figures",
        "flag": "flag",
    }
    return table[list(heads)].rename(columns=heads)


def rate_ratios(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return Poisson rate ratios with their intervals in one cell each."""
    percent = f"{100 * level:g}%"
    return pd.DataFrame(
        {
            "firms a year before": table["before"],
            "after": table["after"],
            "years before": table["years_before"],
            "years after": table["years_after"],
            "ratio": table["ratio"],
            f"exact {percent}": [interval(*ends) for ends in zip(table["low"], table["high"], strict=True)],
            "p": table["p"],
            "dispersion": table["dispersion"],
            f"quasi-Poisson {percent}": [
                interval(*ends) for ends in zip(table["wide_low"], table["wide_high"], strict=True)
            ],
        }
    )


def change_alternatives(table: pd.DataFrame) -> pd.DataFrame:
    """Return the choices behind the change of recognitions with plain headings."""
    heads = {
        "vintage": "publication",
        "split_year": "split after",
        "first_year": "first year",
        "interval": "interval",
        "ratio": "ratio",
        "low": "lower end",
        "within": "later half to earlier",
        "within_low": "lower end, halves",
        "jobs_ratio": "jobs announced, USA",
    }
    named = table.assign(vintage=table["vintage"].str.split(" (", regex=False).str[0])
    return named[list(heads)].rename(columns=heads)


def changes(table: pd.DataFrame, base_year: int, last_year: int) -> pd.DataFrame:
    """Return R, S and intensity with the years in the headings."""
    return table.rename(
        columns={
            "ratio_base": f"R {base_year}",
            "ratio_last": f"R {last_year}",
            "ratio_change": "change of R",
            "share_base": f"S {base_year}, %",
            "share_last": f"S {last_year}, %",
            "share_change": "change of S",
            "intensity_strict": "intensity, strict",
        }
    ).rename_axis(index="economy")


def every_year(table: pd.DataFrame) -> pd.DataFrame:
    """Return one economy's measures by year with plain headings."""
    heads = {"ratio": "R", "share": "S, %", "intensity_strict": "intensity, strict"}
    return table.rename(columns=heads)


def intensities(table: pd.DataFrame) -> pd.DataFrame:
    """Return intensities by scope with plain headings."""
    words = {"manufactured": "broad", "all": "all", "own_sector": "narrow", "intensity": "", "strict": "strict"}
    heads = {name: " ".join(words[part] for part in name.split(", ")).strip() for name in table.columns}
    return table.rename(columns=heads).rename_axis(index="economy")


def largest_contributions(table: pd.DataFrame, count: int = 3) -> list[str]:
    """Return the industries that add most to a change, in either direction, as "basic metals (1.2)".

    Parameters
    ----------
    table : DataFrame
        From `summary.by_industry`: `industry` and `contribution` (percentage points).
    count : int
        How many.
    """
    largest = table.reindex(table["contribution"].abs().sort_values(ascending=False).index).head(count)
    names = largest["industry"].str.removeprefix("Manufacture of ")
    values = largest["contribution"].map("{:.1f}".format).str.replace("-", MINUS)
    return list(names + " (" + values + ")")


def agreement(table: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison of two releases with plain headings."""
    names = {"change": "change of S", "ratio": "R", "rank": "rank"}
    ordered = [f"{name}_{release}" for name in names for release in ("2013", "2016")]
    heads = {column: f"{names[column.split('_')[0]]}, {column.split('_')[1]}" for column in ordered}
    return table[ordered].rename(columns=heads).rename_axis(index="economy")


def breaks(table: pd.DataFrame, break_year: int) -> pd.DataFrame:
    """Return the break tests with date intervals in one cell; a series that could not be tested says why."""
    shown = pd.DataFrame(
        {
            "n": table["n"],
            "largest F": table["sup_f"],
            "break in": table["date"],
            "interval": [_years(*ends) for ends in zip(table["first"], table["last"], strict=True)],
            "p": table["p"],
            "p, serial": table["p_serial"],
            "mean before": table["before"],
            "mean after": table["after"],
            "breaks by BIC": table["several"],
            f"change in {break_year}": table["change"],
            "p, known date": table["p_known"],
            "crisis years": table["crisis_years"],
        }
    )
    if (table["reason"] != "").any():
        shown["not tested"] = table["reason"]
    return shown


def break_counts(table: pd.DataFrame, break_year: int) -> pd.DataFrame:
    """Return counts of breaks by measure with plain headings."""
    heads = {
        "economies": "economies",
        "breaks": "with a break",
        "by_chance": "expected by chance",
        "date": "median date",
        "fell": f"fell in {break_year}",
        "slowed": "of these clearly",
        "rose": "rose clearly",
    }
    return table[list(heads)].rename(columns=heads)


def _years(first: int, last: int) -> str:
    return "" if pd.isna(first) else f"{first} to {last}"
