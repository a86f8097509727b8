"""What the parameters allow, and how they refuse the rest."""

from itertools import product
from typing import get_args

import pytest
from pydantic import ValidationError

from helpers import data
from helpers.data import catalogue
from helpers.errors import InputError
from helpers.index import factors, select
from helpers.index.definitions import HIGH_TECH_FIELDS, STUDY_RANKS, labels, patent_fields
from helpers.index.impute import impute
from helpers.index.parameters import WEIGHTINGS, EconomyParameters, InnovationIndexParameters, zero_refusal
from helpers.index.specification import Specification, composite, prepared, weights_of
from helpers.runner import notebooks
from helpers.runner.parameters import assigned

LATEST = {
    "year": "latest",
    "maximum_age": 5,
    "rd_gdp_vintage": "latest",
    "hightech_exports_share_vintage": "latest",
    "ict_edition": "latest",
}


def test_the_defaults_are_what_could_be_seen_in_2021():
    chosen = InnovationIndexParameters()
    assert (chosen.focus, chosen.group, chosen.reference_year()) == ("KOR", "oecd-plus", 2018)
    assert chosen.vintage("rd_gdp") == "wdi-2021-09-15"
    assert set(chosen.vintages()) == {
        "rd_gdp", "hightech_exports_share", "uspto_grants_by_wipo_field", "ict_development_index",
    }  # fmt: skip


def test_latest_resolves_vintages_and_year():
    chosen = InnovationIndexParameters(**LATEST)
    assert chosen.reference_year() == catalogue.years("rd_gdp")[-1]
    assert chosen.vintage("ict_development_index") == catalogue.vintages("ict_development_index")[-1]


def test_named_fields_are_fields_of_the_table():
    for fields in HIGH_TECH_FIELDS.values():
        assert set(fields) <= set(patent_fields())
        assert len(set(fields)) == len(fields)


def weights(**changes):
    return dict.fromkeys(STUDY_RANKS, 1.0) | changes


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"normalisation": "z-score", "aggregation": "mazziotta-pareto"}, "Use z-score with scale \\[100, 10\\]"),
        ({"weights": "benefit-of-the-doubt", "aggregation": "copeland"}, "Use 'arithmetic'"),
        ({"weights": "benefit-of-the-doubt", "normalisation": "z-score"}, "negative values"),
        ({"indicators": ["rd_gdp", "researchers"]}, "Did you mean 'researchers_per_million'"),
        ({"indicators": ["rd_gdp", "reshoring_counts"]}, "'reshoring_counts' is not a known indicator"),
        ({"indicators": ["rd_gdp", "rd_gdp"]}, "names one twice"),
        ({"indicators": ["rd_gdp"]}, "at least 2 items"),
        ({"indicators": ["rd_gdp", "tfp_level_ppp"], "weights": weights()}, "'hightech_exports_share' is not a known"),
        ({"indicators": ["rd_gdp", "tfp_level_ppp"], "weights": {"rd_gdp": 1}}, "No weight is given for tfp_level_ppp"),
        (
            {"indicators": ["rd_gdp", "tfp_level_ppp"], "year": 2030},
            "rd_gdp, vintage wdi-2021-09-15, has no data for 2030",
        ),
        ({"focus": "KRO"}, "'KRO' is not a known economy"),
        ({"focus": "ARG"}, "'ARG' is not in the group 'oecd-plus'"),
        ({"group": "oced"}, "Did you mean 'oecd'"),
        ({"group": ["KOR", "JPN"]}, "at least three economies"),
        ({"year": 2030}, "rd_gdp, vintage wdi-2021-09-15, has no data for 2030. It has 1996-2018"),
        ({"year": 2019}, "no data for 2019"),
        ({"year": 1998}, "hightech_exports_share.*2007-"),
        ({"year": 2031, "maximum_age": 10}, "or up to 10 years before it"),
        ({"year": "newest"}, "latest"),
        ({"rd_gdp_vintage": "wdi-2021-09"}, "Did you mean 'wdi-2021-09-15'"),
        ({"ict_edition": "itu-2018"}, "vintage of ict_development_index"),
        ({"high_tech_fields": "elven"}, "Did you mean 'eleven'"),
        ({"high_tech_fields": ["optic"]}, "Did you mean 'optics'"),
        ({"high_tech_fields": ["optics", "optics"]}, "names a field twice"),
        ({"high_tech_fields": []}, "is empty"),
        ({"weights": "euqal"}, "Did you mean 'equal'"),
        ({"weights": {"rd_gdp": 1.0}}, "No weight is given for hightech_exports_share"),
        ({"weights": weights(rd_gdp=-1.0)}, "zero or larger"),
        ({"weights": dict.fromkeys(STUDY_RANKS, 0.0)}, "All weights are zero"),
        ({"weights": weights(rd=1.0)}, "Did you mean 'rd_gdp'"),
        ({"aggregation": "geometric"}, "geometric mean needs values above zero.*scale \\[1, 100\\]"),
        ({"aggregation": "power", "power": 0}, "choose the aggregation 'geometric'"),
        ({"aggregation": "harmonic", "normalisation": "z-score"}, "above zero"),
        ({"scale": [0, float("inf")]}, "finite number"),
        ({"scale": [float("-inf"), 100]}, "finite number"),
        ({"normalisation": "z-score", "scale": [float("nan"), 10]}, "finite number"),
        ({"weights": {"rd_gdp": float("nan")}}, "finite number"),
        ({"scale": [100, 1]}, "second number.* must be larger"),
        ({"normalisation": "z-score", "scale": [0, 0]}, "larger than zero"),
        ({"normalisation": "rank", "scale": [0, 1]}, "A scale has no meaning"),
        ({"draws": 10}, "greater than or equal to 100"),
        ({"maximum_age": -1}, "greater than or equal to 0"),
        ({"normalization": "rank"}, "Extra inputs"),
        ({"year": 2018.5}, "valid integer"),
    ],
)
def test_refusals_name_what_is_allowed(given, says):
    with pytest.raises(ValidationError, match=says):
        InnovationIndexParameters(**given)


def test_zeros_matter_to_roots_only_when_negative():
    assert zero_refusal("power", "minmax", (0.0, 100.0), 0.5) is None
    assert zero_refusal("power", "minmax", (0.0, 100.0), -1.0) is not None
    assert zero_refusal("power", "minmax", (-1.0, 100.0), 0.5) is not None
    assert zero_refusal("arithmetic", "z-score", (0.0, 1.0)) is None
    assert zero_refusal("mazziotta-pareto", "minmax", (0.0, 100.0)) is None


def test_any_table_of_one_value_a_year_can_be_an_indicator_called_as_its_record_says():
    chosen = InnovationIndexParameters(indicators=["rd_gdp", "unemployment_rate"])
    assert chosen.vintages() == {
        "rd_gdp": "wdi-2021-09-15",
        "unemployment_rate": catalogue.vintages("unemployment_rate")[-1],
    }
    assert labels(chosen.indicators) == {
        "rd_gdp": "R&D spending to GDP",
        "unemployment_rate": catalogue.metadata("unemployment_rate").title,
    }


def test_an_unknown_economy_is_refused():
    with pytest.raises(ValueError, match="economy"):
        EconomyParameters(focus="KOO")
    assert EconomyParameters.of({"focus": "DEU", "other": 1}).focus == "DEU"


PLAIN_WEIGHTS = [name for name in WEIGHTINGS if name != "benefit-of-the-doubt"]
SCALE = {"minmax": [1, 100], "z-score": [100, 10], "percentile-rank": [1, 100]}


@pytest.fixture(scope="module")
def study():
    """Values and context of the study's index, with few enough economies to be quick."""
    chosen = InnovationIndexParameters()
    members = data.economies.group(chosen.group)
    values = select.select(select.read_tables(data.load, chosen), chosen, members).values
    context = factors.context_of(data.load("gdp_per_capita_ppp"), 2018, members, data.economies.group("oecd"))
    return values[select.covered(values, 0.75)], context


def every(model, name):
    return get_args(model.model_fields[name].annotation)


@pytest.mark.parametrize("normalisation", every(InnovationIndexParameters, "normalisation"))
def test_every_allowed_combination_ranks_everyone_or_is_refused_in_words(study, normalisation):
    values, context = study
    refused = []
    for aggregation, scale in product(
        every(InnovationIndexParameters, "aggregation"), (None, SCALE.get(normalisation))
    ):
        try:
            chosen = InnovationIndexParameters(normalisation=normalisation, aggregation=aggregation, scale=scale)
        except ValidationError as refusal:
            refused.append(str(refusal))
            continue
        ranks = composite(values, Specification.of(chosen), context).ranks
        assert ranks.notna().all()
        assert ranks.min() == 1
    assert all("Use" in text for text in refused)
    assert len(refused) <= 4


@pytest.fixture(scope="module")
def imputed(study):
    """Values of the study's index imputed in every way, once for all treatments."""
    values, context = study
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helpers.index.impute.CHAINS", 2)
        every_method = every(InnovationIndexParameters, "imputation")
        return {method: impute(values, method, context) for method in every_method}


@pytest.mark.parametrize("outliers", every(InnovationIndexParameters, "outliers"))
def test_every_imputation_and_weighting_goes_with_every_treatment(imputed, outliers):
    refused = {}
    for imputation, filled in imputed.items():
        ready = prepared(filled, Specification(outliers=outliers))
        assert ready.isna().to_numpy().any() == (imputation == "none")
        for weighting in PLAIN_WEIGHTS:
            try:
                w = weights_of(ready, weighting)
            except InputError as refusal:
                refused[weighting] = str(refusal)
                continue
            assert (w >= 0).all()
            assert w.sum() == pytest.approx(1)
    assert set(refused) <= {"pca-loadings", "equal-importance"}
    assert all("Use" in text for text in refused.values())


def test_benefit_of_the_doubt_goes_with_every_scale_that_is_not_negative(study):
    values, context = study[0].iloc[::3], study[1]
    for normalisation in every(InnovationIndexParameters, "normalisation"):
        chosen = {"normalisation": normalisation, "weights": "benefit-of-the-doubt", "scale": SCALE.get(normalisation)}
        found = composite(values, Specification.of(InnovationIndexParameters(**chosen)), context)
        assert found.ranks.notna().all()
        assert found.scores.max() <= 1 + 1e-9


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("weights={rd_gdp: much}", "rd_gdp = 'much': it should be a valid number"),
        ("weights={rd_gdp: 1, rd_gdp: 2}", "-p weights, line 1: the key 'rd_gdp' is given twice"),
        ("group=[KOR, 5]", "entry 2 = 5: it should be a valid string"),
        ("scale=[0, .inf]", "entry 2 = inf: it should be a finite number"),
    ],
)
def test_what_is_wrong_within_a_list_or_mapping_is_told(written, told):
    with pytest.raises(InputError) as caught:
        assigned(notebooks.section("innovation-index"), [written])
    assert told in str(caught.value)
