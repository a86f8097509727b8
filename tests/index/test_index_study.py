"""Korea on real data: the study's ranks computed, years, profiles, coherence, and the notebook's own promises."""

import ast
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import data
from helpers.errors import InputError
from helpers.index import coherence, figures, html, over_time, profile, select, standings, study_space, uncertainty
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.space import ERROR_CHOICES, values_of
from helpers.index.specification import Specification, composite

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "innovation-index.ipynb"
KITA = InnovationIndexParameters()
MEMBERS = data.economies.group("oecd-plus")
LATEST = InnovationIndexParameters(
    year="latest",
    maximum_age=5,
    rd_gdp_vintage="latest",
    hightech_exports_share_vintage="latest",
    ict_edition="latest",
)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {name: data.load(name, "all") for name in [*KITA.vintages(), "telecom_infrastructure_index"]}


@pytest.fixture(scope="module")
def selection() -> select.Selection:
    return select.select(select.read_tables(data.load, KITA), KITA, MEMBERS)


@pytest.fixture(scope="module")
def index(selection: select.Selection):
    ranked = selection.values[select.covered(selection.values, KITA.minimum_coverage)]
    return composite(ranked, Specification.of(KITA))


def test_the_studys_ranks_come_out_in_its_own_group(selection: select.Selection) -> None:
    found = standings.rank_metrics(selection)
    assert found["korea_rank_rd_gdp"] == 2
    assert found["korea_rank_hightech_exports_share"] == 6
    assert found["korea_rank_ict_development_index"] == 2
    assert found["korea_value_rd_gdp"] == pytest.approx(4.81009)
    assert found["korea_year_ict_development_index"] == 2017
    ahead = standings.league(selection, "hightech_exports_share").index[:6]
    assert list(ahead) == ["HKG", "PHL", "MYS", "SGP", "VNM", "KOR"]


def test_third_in_patents_is_the_electrical_engineering_sector(tables: dict[str, pd.DataFrame]) -> None:
    groups = {"oecd-plus": MEMBERS, "oecd": data.economies.group("oecd")}
    found = standings.alternatives(tables, KITA, groups, data.load("population"))
    rows = found.query("indicator == 'hightech_patent_share' and group == 'oecd-plus' and minimum == 100")
    ranks = rows.set_index("definition")["rank"]
    assert ranks["eleven"] == 4
    assert ranks["seven"] == 6
    assert ranks["electrical-engineering"] == ranks["digital-and-optics"] == 3
    assert (found["as_in_study"] == (found["rank"] == found["study"])).all()
    metrics = standings.study_metrics(found)
    assert 0 < metrics["share_as_in_study_hightech_patent_share"] < 1
    grid = standings.patent_grid(found, ("oecd-plus", "oecd"))
    assert len(grid) == 12
    assert standings.all_choices(found)["combinations"].sum() == found["rank"].notna().sum()


def test_patent_shares_agree_with_the_golden_input() -> None:
    golden = pd.read_csv(Path(__file__).parent / "golden" / "input.csv", index_col=0)
    chosen = KITA.model_copy(update={"minimum_patents": 50})
    ours = select.select(select.read_tables(data.load, chosen), chosen, list(golden.index)).values
    for name in golden.columns:
        np.testing.assert_allclose(ours[name], golden[name], rtol=1e-12, err_msg=name)


TIDY = pd.DataFrame(
    {"iso3": ["A", "A", "B", "C"], "year": [2016, 2018, 2017, 2015], "value": [1.0, 2, 3, 4], "flag": ["", "x", "", ""]}
)


def test_the_newest_value_within_the_maximum_age_is_taken() -> None:
    found = select.newest(TIDY, 2018, 1)
    assert found["value"].to_dict() == {"A": 2.0, "B": 3.0}
    assert found["flag"].to_dict() == {"A": "x", "B": ""}
    assert select.newest(TIDY, 2017, 5)["year"].to_dict() == {"A": 2016, "B": 2017, "C": 2015}


def test_small_patent_totals_have_no_share_and_world_is_left_out() -> None:
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


def test_small_economies_are_left_out_with_a_reason() -> None:
    chosen = KITA.model_copy(update={"minimum_population": 1_000_000})
    one = select.read_tables(data.load, chosen)
    found = select.select(one, chosen, MEMBERS, data.load("population"))
    assert found.excluded["ISL"] == "fewer than 1,000,000 people"
    assert standings.rank_metrics(found)["korea_rank_ict_development_index"] == 1
    with pytest.raises(InputError, match="no population was given"):
        select.select(one, chosen, MEMBERS)
    with pytest.raises(InputError, match="No economy of the group has a value"):
        select.select(one, KITA, ["XXA", "XXB"])


def test_taiwan_has_patents_only_and_is_refused_as_focus(selection: select.Selection) -> None:
    ranked = selection.values[select.covered(selection.values, 0.75)]
    assert "TWN" not in ranked.index
    assert "Taiwan" in set(standings.without_score(selection, ranked)["economy"])
    with pytest.raises(InputError, match="Taiwan has too few values for a score: it has High-tech share of patents"):
        standings.require_score(ranked, selection, "TWN")


def test_flagged_values_show_their_flag(selection: select.Selection, index) -> None:
    four = standings.beside_the_study(selection)
    assert "rebased" in four.loc["rd_gdp", "flag"]
    assert list(four["study"]) == [2, 6, 3, 2]
    summary = pd.DataFrame(dict.fromkeys(("median", "p05", "p95", "p_top1", "p_top5"), 1.0), index.scores.index)
    league = standings.index_league(index, selection, summary).set_index("iso3")
    assert "rebased" in league.loc["KOR", "flag"]
    assert league.loc["KOR", "years"] == "2017-2018"
    assert "break" in league.loc["HKG", "flag"]


def test_contributions_sum_to_the_scores(index) -> None:
    parts = standings.contributions(index)
    np.testing.assert_allclose(parts.sum(axis=1), index.scores[parts.index])


@pytest.mark.parametrize("chosen", [KITA, LATEST], ids=["kita-2021", "latest"])
def test_uncertainty_of_the_study_index(tables: dict[str, pd.DataFrame], chosen: InnovationIndexParameters) -> None:
    values = select.select(select.read_tables(data.load, chosen), chosen, MEMBERS).values
    ranked = values[select.covered(values, 0.75)]
    gdp = data.load("gdp_per_capita_ppp")
    context = study_space.context_of(gdp, chosen.reference_year(), MEMBERS, data.economies.group("oecd"))
    space = study_space.study_space(tables, chosen, ranked, context)
    np.testing.assert_allclose(values_of(space, space.base())[:, :, 0], ranked)
    base = composite(ranked, Specification.of(chosen))
    np.testing.assert_array_equal(uncertainty.ranks_of(space, space.base())[:, 0], base.ranks)
    counts = uncertainty.simulate(space, 2_000, seed=1)
    found = uncertainty.rank_probabilities(counts, "KOR")
    assert found["korea_rank_p05"] <= found["korea_rank_median"] <= found["korea_rank_p95"]
    assert 0 < found["korea_p_top1"] < found["korea_p_top5"] <= 1
    single = uncertainty.one_at_a_time(space, "KOR", ERROR_CHOICES)
    assert (single["base_rank"] == base.ranks["KOR"]).all()
    assert uncertainty.duels(counts, 4).shape == (4, 5)


def test_given_weights_and_methods_become_the_base_option(tables: dict[str, pd.DataFrame]) -> None:
    weights = {"rd_gdp": 1, "hightech_exports_share": 1, "hightech_patent_share": 0, "ict_development_index": 2}
    chosen = InnovationIndexParameters(
        weights=weights, imputation="regression", aggregation="copeland", high_tech_fields=["optics"]
    )
    values = select.select(select.read_tables(data.load, chosen), chosen, MEMBERS).values
    ranked = values[select.covered(values, 0.75)]
    context = study_space.context_of(data.load("gdp_per_capita_ppp"), 2018, MEMBERS, ["KOR"])
    space = study_space.study_space(tables, chosen, ranked, context)
    assert [space.options(name)[0] for name in ("weighting", "imputation", "aggregation")] == [
        "given", "regression", "copeland",
    ]  # fmt: skip
    base = composite(ranked, Specification.of(chosen), context)
    np.testing.assert_array_equal(uncertainty.ranks_of(space, space.base())[:, 0], base.ranks)


@pytest.fixture(scope="module")
def series(tables: dict[str, pd.DataFrame]) -> over_time.Series:
    one = {
        **select.read_tables(data.load, KITA),
        "telecom_infrastructure_index": tables["telecom_infrastructure_index"],
    }
    every = over_time.values_by_year(one, KITA, over_time.years_with_data(one, KITA), MEMBERS)
    panel = over_time.always_covered(every, KITA.minimum_coverage)
    return over_time.index_by_year(panel, dict.fromkeys(panel.columns, 0.25))


def test_a_change_is_decomposed_exactly(series: over_time.Series) -> None:
    first, last = series.scores.columns[[0, -1]]
    assert (first, last) == (2010, 2018)
    found = over_time.decomposition(series, "KOR", first, last)
    change = series.scores.at["KOR", last] - series.scores.at["KOR", first]
    assert found["change"].sum() == pytest.approx(change, abs=1e-12)
    everyone = over_time.changes(series, first, last)
    np.testing.assert_allclose(everyone["total"], series.scores[last] - series.scores[first], atol=1e-12)


def test_goalposts_do_not_move_with_the_year() -> None:
    years = pd.MultiIndex.from_product([["A", "B"], [1, 2]], names=["iso3", "year"])
    values = pd.DataFrame({"x": [0.0, 5, 10, 10], "y": [2.0, 2, 0, 4]}, years)
    found = over_time.index_by_year(values, {"x": 1.0, "y": 3.0})
    np.testing.assert_allclose(found.scores, [[37.5, 50.0], [25.0, 100.0]])
    np.testing.assert_array_equal(found.ranks, [[1, 2], [2, 1]])


def test_a_revision_alone_changes_what_it_revises(tables: dict[str, pd.DataFrame]) -> None:
    found = over_time.revisions(tables, KITA, MEMBERS)
    korea = found[(found["iso3"] == "KOR") & (found["table"] == "rd_gdp")].set_index("vintage")
    assert korea.at["wdi-2026-07-13", "value_before"] == pytest.approx(4.81009)
    assert korea.at["wdi-2026-07-13", "value_after"] == pytest.approx(4.27, abs=0.01)
    readable = over_time.readable(found, "KOR")
    assert (readable["change"] == readable["rank after"] - readable["rank before"]).all()
    empty = over_time.readable(found.iloc[:0], "KOR")
    assert empty.empty


def test_a_revision_keeps_the_weights_and_methods_of_the_base_index(tables: dict[str, pd.DataFrame]) -> None:
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


def test_economies_that_only_a_later_vintage_covers_push_no_rank(
    tables: dict[str, pd.DataFrame],
) -> None:
    later = KITA.model_copy(update={"rd_gdp_vintage": "wdi-2026-07-13"})
    before, after = (
        (values := select.select(select.read_tables(data.load, chosen), chosen, MEMBERS).values)[
            select.covered(values, 0.75)
        ]
        for chosen in (KITA, later)
    )
    assert len(after.index.difference(before.index)) > 0
    found = over_time.revisions(tables, KITA, MEMBERS)
    rows = found[(found["table"] == "rd_gdp") & (found["vintage"] == "wdi-2026-07-13")]
    assert set(rows["iso3"]) == set(before.index) & set(after.index)
    for when in ("before", "after"):
        assert sorted(rows[f"rank_{when}"])[-1] <= len(rows)
        assert rows[f"rank_{when}"].sum() == pytest.approx(len(rows) * (len(rows) + 1) / 2)


def test_profile_of_korea(selection: select.Selection, index) -> None:
    found = profile.profile(selection, index, "KOR")
    assert (found["verdict"] == "strength").all()
    assert found.at["rd_gdp", "frontier_economy"] == "Israel"
    assert found.at["rd_gdp", "gap_to_frontier"] == pytest.approx(4.81009 - 4.95278)
    near = profile.peers(index, "KOR", 3)
    assert near["distance"].is_monotonic_increasing
    assert "KOR" not in near.index
    every = profile.profiles(selection, index)
    assert len(every) == 4 * len(selection.values) > 4 * len(index.scores)
    assert set(every["verdict"]) <= {"strength", "middle", "weakness", "no value"}
    readable = profile.readable(found)
    assert list(readable["rank"]) == ["2 of 36", "6 of 47", "4 of 29", "2 of 48"]
    assert "flag" in readable
    assert "flag" not in profile.readable(profile.profile(selection, index, "DEU"))


NORMAL = np.random.default_rng(8).normal(size=(300, 2))


def test_correlation_ratio_sees_what_correlation_does_not() -> None:
    x, noise = NORMAL.T
    assert coherence.correlation_ratio(x, 2 * x + 0 * noise) == pytest.approx(1.0, abs=1e-3)
    assert coherence.correlation_ratio(x, noise) < 0.1
    assert coherence.correlation_ratio(x, x**2) > 0.9
    assert np.corrcoef(x, x**2)[0, 1] ** 2 < 0.2


def test_adequacy_against_definitions() -> None:
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
    k, item = 4, frame.var().sum()
    assert found.alpha == pytest.approx(k / (k - 1) * (1 - item / frame.sum(axis=1).var()))


@pytest.mark.parametrize(
    ("alpha", "kmo", "says"),
    [(0.7, 0.5, "Yes"), (0.69, 0.5, "Only partly"), (0.7, 0.49, "Only partly"), (0.1, 0.1, "No")],
)
def test_whether_indicators_belong_together_is_said_by_their_tests(alpha: float, kmo: float, says: str) -> None:
    assert coherence.verdict(coherence.Adequacy(alpha, kmo, 1.0, 6, 0.5, 20)).startswith(says + ",")


def test_effective_weights_and_removals_for_readers(index, selection: select.Selection) -> None:
    importance = coherence.effective_weights(index)
    assert importance["relative"].sum() == pytest.approx(1)
    ranked = selection.values.loc[index.scores.index]
    without = coherence.removals(ranked, Specification())
    readable = coherence.readable(importance, without, "KOR")
    assert len(readable) == 4
    assert list(coherence.components(index.normalised)["share"].cumsum())[-1] == pytest.approx(1)


def test_hover_chart_is_complete_and_leads_to_the_profiles(index) -> None:
    columns = dict.fromkeys(("median", "p05", "p95"), 3.0) | dict.fromkeys(("p_top1", "p_top5"), 0.25)
    summary = pd.DataFrame(columns, index.scores.index)
    chart = html.interval_chart(summary, "KOR", "#D55E00", page="economy/{code}.html")
    assert chart.count('role="listitem"') == len(summary)
    assert chart.count('<a href="economy/KOR.html">Korea</a>') == 1
    assert chart.count(">3 (3–3)</span>") == len(summary)
    assert "<script" not in chart


def test_figures_draw_what_they_are_given(index, series: over_time.Series) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    grey = lambda code: "#888888"  # noqa: E731
    summary = pd.DataFrame({"median": [1, 2], "p05": [1, 1], "p95": [2, 6]}, ["KOR", "JPN"])
    table = pd.DataFrame([[0.9, 0.1], [0.1, 0.9]], ["KOR", "JPN"], [1, 2])
    spans = {f"{kind}{end}": [0.1, 0.2] for kind in ("first", "total") for end in ("", "_low", "_high")}
    drawn = [
        figures.rank_intervals(summary, "KOR", grey, index.ranks),
        figures.contributions(standings.contributions(index).head(3), "KOR", ["#111111"] * 4),
        figures.acceptability(table, "KOR"),
        figures.effects(pd.DataFrame(spans, ["Weights", "Year"]), ["#111111", "#222222"]),
        figures.bump(series.ranks, "KOR", grey),
        figures.changes({"rd_gdp": 1.0, "hightech_patent_share": -2.0}, ["#111111", "#222222"]),
    ]
    names = [label.get_text() for label in drawn[0].axes[0].get_yticklabels()]
    assert names == ["Korea", "Japan"]
    assert all(figure.axes for figure in drawn)
    pyplot.close("all")


def test_the_notebook_declares_exactly_the_parameters_and_keeps_no_output() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    (parameters,) = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assignments = ast.parse("".join(parameters["source"])).body
    found = {line.targets[0].id: ast.literal_eval(line.value) for line in assignments}
    assert found == InnovationIndexParameters().model_dump()
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_an_indicator_that_few_have_is_refused(index, selection: select.Selection) -> None:
    ranked = selection.values.loc[index.scores.index]
    standings.require_indicators(ranked, 0.25)
    with pytest.raises(InputError, match="High-tech share of patents has a value for"):
        standings.require_indicators(ranked.assign(hightech_patent_share=np.nan), 0.25)


def test_flags_of_series_and_selection_are_told(
    tables: dict[str, pd.DataFrame], selection: select.Selection, series: over_time.Series
) -> None:
    assert "R&D / GDP: GDP since rebased" in standings.flagged(selection)["KOR"]
    found = over_time.flagged(tables, series)
    assert set(found["iso3"]) <= set(series.ranks.index)
    assert over_time.by_economy(series).at[("KOR", 2018), "rank"] == 1
