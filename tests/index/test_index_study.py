"""Korea on real data: the study's ranks computed, years, profiles, coherence, and the notebook's own promises."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import data
from helpers.errors import InputError
from helpers.index import coherence, economy, factors, figures, over_time, rankings, select, uncertainty
from helpers.index.definitions import is_possible
from helpers.index.factors import values_of
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.specification import Specification, composite, ranked

#: Its fixtures are made once.
pytestmark = pytest.mark.xdist_group("index-study")
KITA = InnovationIndexParameters()
MEMBERS = data.economies.group("oecd-plus")


@pytest.fixture(scope="module")
def tables():
    return {name: data.load(name, "all") for name in KITA.tables()}


@pytest.fixture(scope="module")
def selection():
    return select.select(select.read_tables(data.load, KITA), KITA, MEMBERS)


@pytest.fixture(scope="module")
def index(selection):
    ranked = selection.values[select.covered(selection.values, KITA.minimum_coverage)]
    return composite(ranked, Specification.of(KITA))


def test_the_studys_ranks_come_out_in_its_own_group(selection):
    found = rankings.rank_metrics(selection)
    assert found["korea_rank_rd_gdp"] == 2
    assert found["korea_rank_hightech_exports_share"] == 6
    assert found["korea_rank_ict_development_index"] == 2
    assert found["korea_value_rd_gdp"] == pytest.approx(4.81009)
    assert found["korea_year_ict_development_index"] == 2017
    exports = ranked(selection.values)["hightech_exports_share"].sort_values()
    assert list(exports.index[:6]) == ["HKG", "PHL", "MYS", "SGP", "VNM", "KOR"]


def test_third_in_patents_is_the_electrical_engineering_sector(tables):
    groups = {"oecd-plus": MEMBERS, "oecd": data.economies.group("oecd")}
    found = rankings.alternatives(tables, KITA, groups, data.load("population"))
    rows = found.query("indicator == 'hightech_patent_share' and group == 'oecd-plus' and minimum == 100")
    ranks = rows.set_index("definition")["rank"]
    assert ranks["eleven"] == 4
    assert ranks["seven"] == 6
    assert ranks["electrical-engineering"] == ranks["digital-and-optics"] == 3
    assert (found["as_in_study"] == (found["rank"] == found["study"])).all()
    metrics = rankings.study_metrics(found)
    assert 0 < metrics["share_as_in_study_hightech_patent_share"] < 1
    grid = rankings.patent_grid(found)
    assert len(grid) == 12
    assert rankings.by_rank(found)["combinations"].sum() == found["rank"].notna().sum()


def test_patent_shares_agree_with_the_golden_input():
    golden = pd.read_csv(Path(__file__).parent / "golden" / "input.csv", index_col=0)
    chosen = KITA.model_copy(update={"minimum_patents": 50})
    ours = select.select(select.read_tables(data.load, chosen), chosen, list(golden.index)).values
    for name in golden.columns:
        np.testing.assert_allclose(ours[name], golden[name], rtol=1e-12, err_msg=name)


TIDY = pd.DataFrame(
    {"iso3": ["A", "A", "B", "C"], "year": [2016, 2018, 2017, 2015], "value": [1.0, 2, 3, 4], "flag": ["", "x", "", ""]}
)


def test_the_newest_value_within_the_maximum_age_is_taken():
    found = select.newest(TIDY, 2018, 1)
    assert found["value"].to_dict() == {"A": 2.0, "B": 3.0}
    assert found["flag"].to_dict() == {"A": "x", "B": ""}
    assert select.newest(TIDY, 2017, 5)["year"].to_dict() == {"A": 2016, "B": 2017, "C": 2015}


def test_small_patent_totals_have_no_share_and_world_is_left_out():
    patents = pd.DataFrame(
        [
            (iso3, 2018, field, grants, "note" if field == "total" else "")
            for iso3, optics, total in (("A", 30, 100), ("B", 1, 2), ("WLD", 31, 102))
            for field, grants in (("optics", optics), ("total", total))
        ],
        columns=["iso3", "year", "field", "grants", "flag"],
    )
    found = select.patent_share(patents, ["optics"], 10)
    assert found.to_dict("records") == [{"iso3": "A", "year": 2018, "value": 30.0, "flag": "note"}]
    assert len(select.patent_share(patents, ["optics"], 0)) == 2


def test_small_economies_are_left_out_with_a_reason():
    chosen = KITA.model_copy(update={"minimum_population": 1_000_000})
    one = select.read_tables(data.load, chosen)
    found = select.select(one, chosen, MEMBERS, data.load("population"))
    assert found.excluded["ISL"] == "fewer than 1,000,000 people"
    assert rankings.rank_metrics(found)["korea_rank_ict_development_index"] == 1
    with pytest.raises(InputError, match="no population was given"):
        select.select(one, chosen, MEMBERS)
    with pytest.raises(InputError, match="No economy of the group has a value"):
        select.select(one, KITA, ["XXA", "XXB"])


def test_taiwan_has_patents_only_and_is_refused_as_focus(selection):
    values = selection.values[select.covered(selection.values, 0.75)]
    assert "TWN" not in values.index
    left_out = rankings.without_score(selection, values).set_index("economy")["present"]
    assert left_out["Taiwan"] == "High-tech patents"
    with pytest.raises(InputError, match="Taiwan has too few values for a score: it has High-tech share of patents"):
        rankings.require_score(values, selection, "TWN")


def test_contributions_sum_to_the_scores(index):
    parts = rankings.contributions(index)
    np.testing.assert_allclose(parts.sum(axis=1), index.scores[parts.index])


def gather(tables, chosen):
    """Return the design space of an index, the values ranked, and the index itself."""
    values = select.select(select.read_tables(data.load, chosen), chosen, MEMBERS).values
    kept = values[select.covered(values, 0.75)]
    gdp, oecd = data.load("gdp_per_capita_ppp"), data.economies.group("oecd")
    context = factors.context_of(gdp, chosen.reference_year(), MEMBERS, oecd)
    space = factors.design_space(tables, chosen, kept, context)
    return space, kept, composite(kept, Specification.of(chosen), context)


@pytest.fixture
def few_chains(monkeypatch):
    """Impute by two chains in place of twenty, which take most of the time."""
    for module in ("impute", "factors"):
        monkeypatch.setattr(f"helpers.index.{module}.CHAINS", 2)


@pytest.mark.usefixtures("few_chains")
def test_uncertainty_of_the_study_index(tables):
    space, kept, base = gather(tables, KITA)
    np.testing.assert_allclose(values_of(space, space.base())[:, :, 0], kept)
    np.testing.assert_array_equal(uncertainty.ranks_of(space, space.base())[:, 0], base.ranks)
    counts = uncertainty.simulate(space, 500, seed=1)
    found = uncertainty.rank_metrics(counts)
    assert found["korea_rank_p05"] <= found["korea_rank_median"] <= found["korea_rank_p95"]
    assert 0 < found["korea_p_top1"] < found["korea_p_top5"] <= 1
    assert (uncertainty.single_changes(space).iloc[0] == base.ranks[kept.index]).all()
    assert uncertainty.duels(counts, 4).shape == (4, 5)


@pytest.mark.usefixtures("few_chains")
def test_given_weights_and_methods_become_the_base_option(tables):
    weights = {"rd_gdp": 1, "hightech_exports_share": 1, "hightech_patent_share": 0, "ict_development_index": 2}
    chosen = InnovationIndexParameters(
        weights=weights, imputation="regression", aggregation="copeland", high_tech_fields=["optics"]
    )
    space, _, base = gather(tables, chosen)
    assert [space.options(name)[0] for name in ("weighting", "imputation", "aggregation")] == [
        "given", "regression", "copeland",
    ]  # fmt: skip
    np.testing.assert_array_equal(uncertainty.ranks_of(space, space.base())[:, 0], base.ranks)


@pytest.mark.usefixtures("few_chains")
def test_an_index_of_other_tables_goes_through_every_step():
    others = ["rd_gdp", "unemployment_rate", "tfp_level_ppp"]
    chosen = InnovationIndexParameters(indicators=others, year=2017, rd_gdp_vintage="latest")
    assert all(map(is_possible, others))
    tables = {name: data.load(name, "all") for name in chosen.tables()}
    space, kept, base = gather(tables, chosen)
    assert list(kept.columns) == others
    assert {"rd_gdp_vintage", "unemployment_rate_vintage", "maximum_age"} <= set(space.rows)
    np.testing.assert_array_equal(uncertainty.ranks_of(space, space.base())[:, 0], base.ranks)
    assert rankings.contributions(base).shape == (len(kept), 3)
    years = over_time.years_with_data(select.read_tables(data.load, chosen), chosen)
    assert years[-1] == 2017
    found = rankings.alternatives(tables, chosen, {"oecd-plus": MEMBERS}, data.load("population"))
    assert set(found["indicator"]) == set(others)
    assert set(rankings.study_metrics(found)) == {"study_rank_rd_gdp", "share_as_in_study_rd_gdp"}


def test_an_indicator_of_which_less_is_better_turns_the_order():
    years = pd.MultiIndex.from_product([["A", "B"], [1, 2]], names=["iso3", "year"])
    values = pd.DataFrame({"x": [0.0, 5, 10, 10]}, years)
    np.testing.assert_allclose(over_time.index_by_year(values, {"x": 1.0}, [-1]).scores, [[100, 50], [0, 0]])


@pytest.fixture(scope="module")
def series():
    one = select.read_tables(data.load, KITA)
    every = over_time.values_by_year(one, KITA, over_time.years_with_data(one, KITA), MEMBERS)
    panel = over_time.always_covered(every, KITA.minimum_coverage)
    return over_time.index_by_year(panel, dict.fromkeys(panel.columns, 0.25), [1, 1, 1, 1])


def test_a_change_is_decomposed_exactly(series):
    first, last = series.scores.columns[[0, -1]]
    assert (first, last) == (2010, 2018)
    found = over_time.decomposition(series, "KOR", first, last)
    change = series.scores.at["KOR", last] - series.scores.at["KOR", first]
    assert found["change"].sum() == pytest.approx(change, abs=1e-12)


def test_goalposts_do_not_move_with_the_year():
    years = pd.MultiIndex.from_product([["A", "B"], [1, 2]], names=["iso3", "year"])
    values = pd.DataFrame({"x": [0.0, 5, 10, 10], "y": [2.0, 2, 0, 4]}, years)
    found = over_time.index_by_year(values, {"x": 1.0, "y": 3.0}, [1, 1])
    np.testing.assert_allclose(found.scores, [[37.5, 50.0], [25.0, 100.0]])
    np.testing.assert_array_equal(found.ranks, [[1, 2], [2, 1]])


def test_a_revision_alone_changes_what_it_revises(tables):
    found = over_time.revisions(tables, KITA, MEMBERS)
    korea = found[(found["iso3"] == "KOR") & (found["table"] == "rd_gdp")].set_index("vintage")
    assert korea.at["wdi-2026-07-13", "value_before"] == pytest.approx(4.81009)
    assert korea.at["wdi-2026-07-13", "value_after"] == pytest.approx(4.27, abs=0.01)
    readable = over_time.revisions_table(found, "KOR")
    assert (readable["change"] == readable["rank after"] - readable["rank before"]).all()
    empty = over_time.revisions_table(found.iloc[:0], "KOR")
    assert empty.empty


def test_a_revision_keeps_the_weights_and_methods_of_the_base_index(tables):
    chosen = KITA.model_copy(update={"weights": "entropy", "normalisation": "rank", "minimum_population": 5_000_000})
    found = over_time.revisions(tables, chosen, MEMBERS, population=data.load("population"))
    assert "ISL" not in set(found["iso3"])
    base = select.select(select.read_tables(data.load, chosen), chosen, MEMBERS, data.load("population")).values
    ranked = base[select.covered(base, 0.75)]
    index = composite(ranked, Specification.of(chosen))
    korea = found[found["iso3"] == "KOR"]
    assert (korea["score_before"] == index.scores["KOR"]).all()
    one = found[(found["table"] == "rd_gdp") & (found["vintage"] == "wdi-2026-07-13")].set_index("iso3")
    revised = chosen.model_copy(update={"rd_gdp_vintage": "wdi-2026-07-13"})
    values = select.select(
        select.read_tables(data.load, revised), revised, list(ranked.index), data.load("population")
    ).values
    after = composite(
        values[select.covered(values, 0.75)], Specification(weights=index.weights.to_dict(), normalisation="rank")
    )
    np.testing.assert_allclose(one["score_after"], after.scores[one.index])
    # Economies that only the later vintage covers push nobody down.
    for when in ("before", "after"):
        assert one[f"rank_{when}"].sum() == len(one) * (len(one) + 1) / 2


def test_profile_of_korea(selection, index):
    every = economy.profiles(selection, index)
    found = every.loc["KOR"]
    assert (found["verdict"] == "strength").all()
    assert found.at["rd_gdp", "frontier_economy"] == "Israel"
    assert found.at["rd_gdp", "gap_to_frontier"] == pytest.approx(4.81009 - 4.95278)
    near = economy.peers(index.normalised, index.ranks, "KOR")
    assert near["distance"].is_monotonic_increasing
    assert "KOR" not in near.index
    assert len(near) == 5
    assert len(every) == 4 * len(selection.values) > 4 * len(index.scores)
    assert set(every["verdict"]) <= {"strength", "middle", "weakness", "no value"}
    readable = economy.profile_table(found)
    assert list(readable["rank"]) == ["2 of 36", "6 of 47", "4 of 29", "2 of 48"]
    assert "flag" in readable
    assert "flag" not in economy.profile_table(every.loc["DEU"])


NORMAL = np.random.default_rng(8).normal(size=(300, 2))


def test_correlation_ratio_sees_what_correlation_does_not():
    x, noise = NORMAL.T
    assert coherence.correlation_ratio(x, 2 * x + 0 * noise) == pytest.approx(1.0, abs=1e-3)
    assert coherence.correlation_ratio(x, noise) < 0.1
    assert coherence.correlation_ratio(x, x**2) > 0.9
    assert np.corrcoef(x, x**2)[0, 1] ** 2 < 0.2


def test_adequacy_against_definitions():
    frame = pd.DataFrame(NORMAL @ np.array([[1.0, 0.8, 0.3], [0.0, 0.6, 0.9]]) + 0.3 * np.roll(NORMAL, 1, 0)[:, :1])
    frame[3] = NORMAL[:, 0] ** 2
    r = frame.corr().to_numpy()
    p = -np.linalg.inv(r)
    p = p / np.sqrt(np.outer(np.diag(p), np.diag(p)))
    off = ~np.eye(4, dtype=bool)
    wanted = (r[off] ** 2).sum() / ((r[off] ** 2).sum() + (p[off] ** 2).sum())
    found = coherence.adequacy(frame)
    assert found.kmo == pytest.approx(wanted)
    assert found.degrees == 6
    assert found.bartlett == pytest.approx(-(300 - 1 - 13 / 6) * np.log(np.linalg.det(r)))


@pytest.mark.parametrize(
    ("alpha", "kmo", "says"),
    [(0.7, 0.5, "Yes"), (0.69, 0.5, "Only partly"), (0.7, 0.49, "Only partly"), (0.1, 0.1, "No")],
)
def test_whether_indicators_belong_together_is_said_by_their_tests(alpha, kmo, says):
    assert coherence.verdict(coherence.Adequacy(alpha, kmo, 1.0, 6, 0.5, 20)).startswith(says + ",")


def test_effective_weights_and_removals_for_readers(index, selection):
    importance = coherence.effective_weights(index)
    assert importance["relative"].sum() == pytest.approx(1)
    values = selection.values.loc[index.scores.index]
    without = coherence.removals(values, Specification())
    table = coherence.importance_table(importance, without, "KOR", "Korea")
    assert list(table["rank of Korea without"]) == list(without.loc["KOR"].drop("base"))
    assert list(table["mean rank shift if removed"] > 0) == [True] * 4
    assert coherence.describe(values)["outliers"].to_list() == ["no", "no", "no", "no"]
    assert list(coherence.components(index.normalised)["share"].cumsum())[-1] == pytest.approx(1)
    alike = coherence.correlations(values)
    assert alike.loc["R&D / GDP", "ICT index"] == pytest.approx(values["rd_gdp"].corr(values["ict_development_index"]))


def test_alpha_uses_every_pair_of_values():
    table = pd.DataFrame(NORMAL[:9] @ np.array([[1.0, 0.8, 0.3], [0.0, 0.6, 0.9]]), columns=list("abc"))
    table.iloc[0, 0] = table.iloc[1:3, 1] = np.nan
    covariances = table.cov().to_numpy()
    between = (covariances.sum() - np.trace(covariances)) / 6
    assert coherence.adequacy(table).alpha == pytest.approx(9 * between / covariances.sum())


def test_figures_draw_what_they_are_given(index, series):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    table = pd.DataFrame([[0.9, 0.1], [0.1, 0.9]], ["KOR", "JPN"], [1, 2])
    spans = {f"{kind}{end}": [0.1, 0.2] for kind in ("first", "total") for end in ("", "_low", "_high")}
    drawn = [
        figures.contributions(rankings.contributions(index).head(3), "KOR", ["#111111"] * 4),
        figures.acceptability(table, "KOR"),
        figures.effects(pd.DataFrame(spans, ["Weights", "Year"]), ["#111111", "#222222"]),
        figures.bump(series.ranks, "KOR", lambda code: "#888888"),
        figures.changes({"rd_gdp": 1.0, "hightech_patent_share": -2.0}, ["#111111", "#222222"]),
        figures.strips(index.normalised.rename_axis("iso3"), "KOR", "#111111"),
        figures.strips(index.normalised.drop(index="KOR"), "KOR", "#111111"),
        figures.rank_bars(pd.Series([0.0, 0.7, 0.0, 0.3, 0.0], range(1, 6)), "#111111"),
        figures.rank_line(pd.Series([3, 1, 2], [2016, 2017, 2018]), "#111111"),
    ]
    names = [label.get_text() for label in drawn[1].axes[0].get_yticklabels()]
    assert names == ["Korea", "Japan"]
    assert all(figure.axes for figure in drawn)
    titles = [figure.axes[0].get_title("left") for figure in drawn[5:7]]
    assert titles == ["R&D / GDP: Korea 96.98; median 31.69", "R&D / GDP: Korea has no value; median 30.02"]
    bars, line = (figure.axes[0] for figure in drawn[7:])
    assert [(bar.get_center()[0], round(bar.get_height())) for bar in bars.patches] == [(2, 70), (3, 0), (4, 30)]
    assert [text.get_text() for text in bars.texts] == ["70", "", "30"]
    assert [text.get_text() for text in line.texts] == ["3", "1", "2"]
    assert line.yaxis_inverted()
    pyplot.close("all")


def test_an_indicator_that_few_have_is_refused(index, selection):
    values = selection.values.loc[index.scores.index]
    rankings.require_indicators(values, 0.25)
    with pytest.raises(InputError, match="High-tech share of patents has a value for"):
        rankings.require_indicators(values.assign(hightech_patent_share=np.nan), 0.25)


def test_flags_of_series_and_selection_are_kept(tables, selection, series):
    assert "R&D / GDP: GDP since rebased" in rankings.flagged(selection)["KOR"]
    found = over_time.flagged(tables, KITA, series)
    assert "R&D / GDP: GDP since rebased" in found["KOR"]
    assert set(found.index) <= set(series.ranks.index)
    assert series.by_economy().at[("KOR", 2018), "rank"] == 1
