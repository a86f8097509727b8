"""The specification curve of the drivers: every combination of defensible choices."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from helpers.econometrics.drivers_panel import interacted, join_country
from helpers.econometrics.specification_curve import Specification
from helpers.econometrics.variables import CONTROL_SETS, CONTROLS, EFFECTS, INNOVATION, OUTCOMES

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
HIGH_TECH = "high_tech"
CORE_SAMPLE = "core_sample"


def curve_frame(
    outcomes: Mapping[str, pd.DataFrame],
    country: pd.DataFrame,
    high_tech: Sequence[str],
    left_out: Sequence[str],
    lags: Sequence[int] = CHOICES["lag"],
) -> pd.DataFrame:
    """One wide panel with every outcome, scope and lag the curve needs.

    Parameters
    ----------
    outcomes, country
        Scope -> frame of `drivers_panel.outcome_columns`, and the frame of `drivers_panel.country_variables`.
    high_tech : sequence of str
        Industries that count as high-tech in the saturated specifications.
    left_out : sequence of str
        Industries left out in the smaller sample.
    lags : sequence of int
        Years between country variables and outcome.

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
    for lag in lags:
        lagged = country.rename(columns={name: f"{name}:{lag}" for name in names})
        moved = [f"{name}:{lag}" for name in names]
        wide = interacted(join_country(wide, lagged, moved, lag), moved, HIGH_TECH)
    return wide


COUNTED = {
    "outcome": "outcomes",
    "scope": "scopes of inputs",
    "innovation": "measures of innovation",
    "effects": "sets of effects",
    "controls": "sets of controls",
    "lag": "lags",
    "sample": "samples",
}


def counted(choices: Mapping[str, Sequence[object]] = CHOICES) -> list[str]:
    """Say how many options each choice has: "4 outcomes"."""
    return [f"{len(options)} {COUNTED[name]}" for name, options in choices.items()]


def specifications(choices: Mapping[str, Sequence[Any]] = CHOICES) -> list[Specification]:
    """Every combination of the choices that makes sense.

    The first differences behind the intensity leave out a year, nothing else; all combinations are estimable in
    principle, and those that are not in the data say so in the curve.
    """
    return list(_specifications(choices))


def _specifications(choices: Mapping[str, Sequence[Any]]) -> Iterator[Specification]:
    for combination in product(*choices.values()):
        chosen = dict(zip(choices, combination, strict=True))
        effects = str(chosen["effects"])
        suffix = f":{chosen['lag']}" + (f" x {HIGH_TECH}" if effects == "saturated" else "")
        yield Specification(
            outcome=f"{chosen['outcome']}:{chosen['scope']}",
            term=f"{chosen['innovation']}{suffix}",
            controls=tuple(f"{name}{suffix}" for name in CONTROL_SETS[str(chosen["controls"])]),
            effects=EFFECTS[effects],
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
    names = {
        "coefficient_toward_home": "estimate",
        "low_toward_home": "low",
        "high_toward_home": "high",
        "t_toward_home": "t",
        "p_value": "p",
        "n_clusters": "clusters",
        "standardised_toward_home": "standardised",
        "standardised_low_toward_home": "standardised_low",
        "standardised_high_toward_home": "standardised_high",
    }
    kept = [*SWEPT, "std_error", "n", *names]
    return points[kept].rename(columns=names).assign(problem="")


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
    known = {name: variable.label for name, variable in (OUTCOMES | INNOVATION).items()}
    known |= {"none": "no", "without refining and basic metals": "without refining, metals"}
    words = {"controls": "{} controls", "lag": "lag in years: {}", "scope": "inputs: {}", "effects": "{} effects"}
    labels = [
        words.get(row.choice, "{}").format(known.get(row.option, str(row.option).replace("_", " ")))
        for row in options.itertuples()
    ]
    return options.assign(label=labels)
