"""The specification curve of the drivers: every combination of defensible choices."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from helpers.econometrics import specification_curve
from helpers.econometrics.drivers_panel import crossed, interacted, join_country
from helpers.econometrics.specification_curve import Specification
from helpers.econometrics.variables import CONTROL_SETS, CONTROLS, EFFECTS, HIGH_TECH, INNOVATION, LABELS, OUTCOMES

#: Choices of the curve, whose one question is whether industries source more at home where the country is more
#: innovative; each combination is one specification.
CHOICES: dict[str, tuple[Any, ...]] = {
    "outcome": ("foreign_share", "ratio", "log_ratio"),
    "scope": ("manufactured", "all", "own_sector"),
    "innovation": tuple(INNOVATION),
    "effects": ("two-way", "industry-year"),
    "controls": tuple(CONTROL_SETS),
    "lag": (1, 3),
    "sample": ("all industries", "without refining and basic metals"),
}
#: Questions, by the choices that make them. The first is that of the curve; estimands that ask another one have a curve
#: of their own: whether high-tech industries differ from the others of their country. Whether the ratio of domestic to
#: foreign inputs rises by more from year to year (its intensity) is one more, which the table of measures answers.
QUESTIONS: dict[str, dict[str, tuple[Any, ...]]] = {
    "sourcing": {},
    "high-tech": {"effects": ("saturated",)},
}
CORE_SAMPLE = "core_sample"


def curve_frame(
    outcomes: Mapping[str, pd.DataFrame],
    country: pd.DataFrame,
    high_tech: Sequence[str],
    left_out: Sequence[str],
) -> pd.DataFrame:
    """One wide panel with every outcome, scope and lag the curve needs.

    Parameters
    ----------
    outcomes : mapping
        Scope -> outcomes by country and industry, from `drivers_panel.outcome_columns`.
    country : DataFrame
        From `drivers_panel.country_variables`.
    high_tech : sequence of str
        Industries that count as high-tech in the saturated specifications.
    left_out : sequence of str
        Industries left out in the smaller sample.

    Returns
    -------
    DataFrame
        iso3, sector, year, unit, `<outcome>:<scope>`, `<variable>:<lag>`, their products with `high_tech`, and the
        boolean core_sample. Outcomes whose fall means more sourcing at home have their sign turned.
    """
    keys = ["iso3", "sector", "year", "unit"]
    parts = [frame.set_index(keys)[list(OUTCOMES)].add_suffix(f":{scope}") for scope, frame in outcomes.items()]
    wide = pd.concat(parts, axis=1).reset_index()
    for name, variable in OUTCOMES.items():
        wide[[f"{name}:{scope}" for scope in outcomes]] *= variable.home
    wide[HIGH_TECH] = wide["sector"].isin(list(high_tech)).astype(float)
    wide[CORE_SAMPLE] = ~wide["sector"].isin(list(left_out))
    names = [*INNOVATION, *CONTROLS]
    for lag in CHOICES["lag"]:
        lagged = country.rename(columns={name: f"{name}:{lag}" for name in names})
        moved = [f"{name}:{lag}" for name in names]
        wide = interacted(join_country(wide, lagged, moved, lag), moved)
    return wide


def specifications(question: str = "sourcing") -> list[Specification]:
    """Every combination of the choices of a question."""
    choices = CHOICES | QUESTIONS[question]
    return [_specification(dict(zip(choices, options, strict=True))) for options in product(*choices.values())]


def run_curve(
    frame: pd.DataFrame, question: str, level: float, draws: int, seed: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Run the curve of a question, count near-duplicates once and test all of it together.

    Parameters
    ----------
    frame : DataFrame
        From `curve_frame`.
    question : str
        A name in `QUESTIONS`.
    level : float
        Of the intervals.
    draws, seed : int
        Of the permutations of innovation across economies.

    Returns
    -------
    The specifications as `run_specifications` gives them, with `group` (of near-duplicates) and `weight` (one over the
    group's size); their summary, with effective (number of groups), p_median, p_share and p_stouffer.
    """
    asked = specifications(question)
    curve = specification_curve.run_specifications(frame, asked, "iso3", level)
    drawn = specification_curve.permute(frame, asked, HIGH_TECH, draws, seed)
    groups = specification_curve.near_duplicates(drawn)
    estimated = (curve["problem"] == "").to_numpy() & (groups > 0)
    weight = np.where(estimated, 1 / np.bincount(groups)[groups], 0.0)
    curve = curve.assign(group=groups, weight=weight)
    return curve, specification_curve.summarise(curve) | specification_curve.joint_test(drawn, curve)


def _specification(chosen: dict[str, Any]) -> Specification:
    names = [f"{name}:{chosen['lag']}" for name in (chosen["innovation"], *CONTROL_SETS[chosen["controls"]])]
    term, *controls = [crossed(name) for name in names] if chosen["effects"] == "saturated" else names
    return Specification(
        outcome=f"{chosen['outcome']}:{chosen['scope']}",
        term=term,
        controls=tuple(controls),
        effects=EFFECTS[chosen["effects"]],
        sample=None if chosen["sample"] == CHOICES["sample"][0] else CORE_SAMPLE,
        choices=chosen,
    )


#: Figures of a curve as a table heads and writes them.
SUMMARY_WORDS = {
    "specifications": "specifications",
    "effective": "different ones",
    "median": "median",
    "share_significant_positive": "clear, more at home",
    "share_significant_negative": "clear, more abroad",
    "p_median": "p, median",
    "p_share": "p, share",
    "p_stouffer": "p, mean z",
}
SUMMARY_FORMATS = {"specifications": ",.0f", "different ones": ",.0f", "median": ".3f"} | dict.fromkeys(
    ("clear, more at home", "clear, more abroad"), ".1%"
)


def by_question(summaries: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """One row a question with the figures of `SUMMARY_WORDS`; empty where a curve was not run."""
    questions = {"sourcing": "sourcing at home", "high-tech": "extra in high-tech industries"}
    rows = {questions[name]: summary for name, summary in summaries.items()}
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=list(SUMMARY_WORDS)).rename_axis("question")


#: Choices of the sweep over the section on drivers; the other choices of the curve keep one option.
SWEPT = ("outcome", "scope", "innovation", "effects", "lag", "sample")
CHOICE_WORDS = {
    "outcome": "outcome",
    "scope": "inputs that count",
    "innovation": "measure of innovation",
    "effects": "fixed effects",
    "lag": "years between",
    "sample": "industries",
}


def curve_of_sweep(points: pd.DataFrame) -> pd.DataFrame:
    """Give the points of the sweep over the section on drivers the form of a specification curve.

    Parameters
    ----------
    points : DataFrame
        points.csv of the sweep `drivers`: the choices in `SWEPT` and the metrics of the section's main model.

    Returns
    -------
    DataFrame
        The choices, estimate (sign turned, positive = more at home), std_error, low, high, t, p, n, clusters,
        standardised, standardised_low, standardised_high, problem, as `specification_curve.run_specifications` gives.
    """
    every, core = CHOICES["sample"]
    points = points.assign(sample=np.where(points["exclude_price_sensitive"], core, every))
    names = {"coefficient_toward_home": "estimate", "p_value": "p", "n_clusters": "clusters"}
    turned = ("low", "high", "t", "standardised", "standardised_low", "standardised_high")
    names |= {f"{name}_toward_home": name for name in turned}
    return points[[*SWEPT, "std_error", "n", *names]].rename(columns=names).assign(problem="")


def count_once(swept: pd.DataFrame, curve: pd.DataFrame) -> pd.DataFrame:
    """Give each point of the sweep a `weight`: one over the points that the curve has in one group of near-duplicates.

    Parameters
    ----------
    swept : DataFrame
        From `curve_of_sweep`.
    curve : DataFrame
        The curve of the section on drivers, with `group`.
    """
    groups = curve.loc[curve["controls"] == "full", [*SWEPT, "group"]]
    found = swept.merge(groups, on=list(SWEPT), how="left")
    return found.assign(weight=1 / found.groupby("group", dropna=False)["estimate"].transform("size"))


def agreement(swept: pd.DataFrame, curve: pd.DataFrame) -> pd.DataFrame:
    """Set the points of the sweep beside the same specifications of the curve.

    Parameters
    ----------
    swept : DataFrame
        From `curve_of_sweep`; the section's default controls.
    curve : DataFrame
        The curve of the section on drivers.

    Returns
    -------
    DataFrame
        The choices, and for estimate and std_error the value of the sweep, of the curve (`_curve`) and the relative
        `_difference`; specifications that are in both.
    """
    same = curve[curve["controls"] == "full"]
    figures = ["estimate", "std_error"]
    keys = list(SWEPT)
    both = swept[[*keys, *figures]].merge(same[[*keys, *figures]], on=keys, suffixes=("", "_curve"))
    gaps = {f"{name}_difference": (both[name] / both[f"{name}_curve"] - 1).abs() for name in figures}
    return both.assign(**gaps)


def labelled_options(options: pd.DataFrame) -> pd.DataFrame:
    """Add a readable `label` to the rows of `specification_curve.by_option`."""
    known = LABELS | {"none": "no", "without refining and basic metals": "without refining, metals"}
    words = {"controls": "{} controls", "lag": "lag in years: {}", "scope": "inputs: {}", "effects": "{} effects"}
    labels = [
        words.get(row.choice, "{}").format(known.get(row.option, str(row.option).replace("_", " ")))
        for row in options.itertuples()
    ]
    return options.assign(label=labels)
