"""The specification curve of the drivers: every combination of defensible choices."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from helpers.econometrics.drivers_panel import crossed, interacted, join_country
from helpers.econometrics.specification_curve import Specification
from helpers.econometrics.variables import CONTROL_SETS, CONTROLS, EFFECTS, HIGH_TECH, INNOVATION, LABELS, OUTCOMES

#: Choices of the curve; each combination is one specification.
CHOICES: dict[str, tuple[Any, ...]] = {
    "outcome": ("foreign_share", "ratio", "log_ratio", "intensity"),
    "scope": ("manufactured", "all", "own_sector"),
    "innovation": tuple(INNOVATION),
    "effects": tuple(EFFECTS),
    "controls": tuple(CONTROL_SETS),
    "lag": (1, 3),
    "sample": ("all industries", "without refining and basic metals"),
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


def specifications() -> list[Specification]:
    """Every combination of the choices; those that the data cannot estimate say so in the curve."""
    return [_specification(dict(zip(CHOICES, options, strict=True))) for options in product(*CHOICES.values())]


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


#: Choices of the sweep over the section on drivers; the other choices of the curve keep one option.
SWEPT = ("outcome", "scope", "innovation", "effects", "lag")
CHOICE_WORDS = {
    "outcome": "outcome",
    "scope": "inputs that count",
    "innovation": "measure of innovation",
    "effects": "fixed effects",
    "lag": "years between",
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
    names = {"coefficient_toward_home": "estimate", "p_value": "p", "n_clusters": "clusters"}
    turned = ("low", "high", "t", "standardised", "standardised_low", "standardised_high")
    names |= {f"{name}_toward_home": name for name in turned}
    return points[[*SWEPT, "std_error", "n", *names]].rename(columns=names).assign(problem="")


def agreement(swept: pd.DataFrame, curve: pd.DataFrame) -> pd.DataFrame:
    """Set the points of the sweep beside the same specifications of the curve.

    Parameters
    ----------
    swept : DataFrame
        From `curve_of_sweep`; the section's default controls and sample.
    curve : DataFrame
        The curve of the section on drivers.

    Returns
    -------
    DataFrame
        The choices, and for estimate and std_error the value of the sweep, of the curve (`_curve`) and the relative
        `_difference`; specifications that are in both.
    """
    same = curve[(curve["controls"] == "full") & (curve["sample"] == CHOICES["sample"][0])]
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
