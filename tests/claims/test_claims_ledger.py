"""The file of claims, reading results, the ledger and the command."""

import json
import re
from pathlib import Path

import nbformat
import pytest
import typer
from typer.testing import CliRunner

from helpers import data
from helpers.claims import commands, ledger, reading
from helpers.claims.model import SECTIONS, Claim
from helpers.claims.verdict import VERDICTS, Decision, Facts, Robustness, decide
from helpers.errors import InputError, WorkError
from helpers.trade import growth

ROOT = Path(__file__).parents[2]
CLAIMS = reading.read_claims(ROOT / "data" / "claims.yml")


def test_the_file_holds_the_claims_of_the_study():
    assert len(CLAIMS) >= 16
    wanted = (
        "korea-rank-rd korea-rank-hightech-exports korea-rank-hightech-patents korea-rank-ict korea-highly-innovative "
        "reshoring-usa-japan-germany gvc-slowdown-2011 faster-since-covid innovation-goes-with-reshoring "
        "korea-returns-fewer korea-returns-stagnated-2019 korea-intermediates-abroad-2011 rivals-slowed-2011 "
        "low-cost-drew-production"
    )
    assert set(wanted.split()) <= {claim.id for claim in CLAIMS}
    assert {claim.kind for claim in CLAIMS if claim.rule is None} == {"none"}


RANKS = {
    "korea-rank-rd": "R&D to GDP",
    "korea-rank-hightech-exports": "high-tech share of manufacturing exports",
    "korea-rank-hightech-patents": "high-tech share of patents",
    "korea-rank-ict": "ICT development index",
}
GROWTH = {"growth-usa": "USA", "growth-germany": "DEU", "growth-japan": "JPN"}
ORDINALS = {2: "second", 3: "third", 6: "sixth"}


def test_figures_of_the_study_in_titles_and_rules_are_those_of_the_table():
    published = data.load("reshoring_counts")
    by_id = {claim.id: claim for claim in CLAIMS}
    for name, measure in RANKS.items():
        rows = published[(published["iso3"] == "KOR") & (published["measure"] == f"KITA: world rank of {measure}")]
        rank = rows["value"].item()
        assert ORDINALS[rank] in by_id[name].title
        assert [by_id[name].rule.supported.all[0].value, by_id[name].rule.partly.all[0].value] == [rank, rank + 3]
    for name, economy in GROWTH.items():
        printed = growth.study_growth(published).loc[economy, "late"]
        assert f"{abs(printed)} percent" in by_id[name].title
        assert by_id[name].rule.supported.all[0].value == pytest.approx((printed - 0.5, printed + 0.5))
        assert by_id[name].rule.partly.all[0].value == pytest.approx((printed - 1.5, printed + 1.5))


CAUSES = ["faster-since-covid", "low-cost-drew-production", "innovation-returns-high-tech", "more-research-helps"]


@pytest.mark.parametrize("name", CAUSES)
def test_a_claim_that_names_a_cause_is_partly_supported_at_most(name):
    (found,) = [claim for claim in CLAIMS if claim.id == name]
    assert found.rule is not None
    assert found.rule.supported is None
    assert 'stops at "partly"' in found.caveat


def test_koreas_growth_that_fell_more_than_its_rivals_is_not_supported():
    (found,) = [claim for claim in CLAIMS if claim.id == "rivals-slowed-more-than-korea"]
    rivals = {f"intermediate-trade.change_{code}": -6.0 for code in ("usa", "deu", "jpn")}
    for own, verdict in ((0.0, "supported"), (-5.0, "partly"), (-8.0, "not supported")):
        assert decide(found.rule, Facts(rivals | {"intermediate-trade.change_kor": own}, {})).verdict == verdict


def labels_of(section: str) -> set[str]:
    notebook = nbformat.read(ROOT / "notebooks" / f"{section}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return set(re.findall(r"^#\| label: (\S+)", text, flags=re.MULTILINE))


def test_every_link_leads_to_a_figure_or_table_of_a_notebook():
    labels = {section: labels_of(section) for section in SECTIONS}
    broken = [(c.id, link.label) for c in CLAIMS for link in c.see if link.label not in labels[link.section]]
    assert broken == []


def test_every_sweep_named_by_a_claim_is_declared_by_the_notebook():
    front = nbformat.read(ROOT / "notebooks" / "claims.ipynb", as_version=4).cells[0].source
    named = {listed.sweep for claim in CLAIMS for listed in claim.alternatives if listed.sweep}
    declared = re.search(r"^sweeps: \[(.*)\]$", front, flags=re.MULTILINE)
    assert declared is not None
    assert named == set(declared.group(1).split(", "))
    assert all((ROOT / "sweeps" / f"{name}.yml").is_file() for name in named)


def write(folder: Path, name: str, content: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


@pytest.fixture
def results(tmp_path) -> dict[str, Path]:
    """Results of two sections as runs leave them."""
    folder = tmp_path / "build" / "runs" / "latest" / "drivers" / "results"
    write(folder, "metrics.json", {"t": 3.0, "none": None})
    write(folder, "evidence.json", [{"claim": "x", "value": 1}])
    write(folder / "tables", "curve.csv", "low,high\n1,2\n-1,2\n")
    sweep = tmp_path / "build" / "sweeps" / "s"
    write(sweep, "points.csv", "a\n1\n")
    write(sweep, "sweep.json", {})
    write(tmp_path / "build" / "sweeps" / "unfinished", "points.csv", "a\n1\n")
    return {"drivers": folder, "policy": tmp_path / "nothing"}


def test_facts_are_read_from_results(results):
    facts = reading.read_facts(results)
    assert facts.metrics == {"drivers.t": 3.0, "drivers.none": None}
    assert facts.evidence == {"drivers": [{"claim": "x", "value": 1}], "policy": []}


def test_a_damaged_result_names_the_section(results):
    write(results["drivers"], "metrics.json", "{")
    with pytest.raises(WorkError, match=r"drivers/metrics.json is damaged: .* Run that section again"):
        reading.read_facts(results)


RULE = {"supported": {"all": [{"label": "t of innovation", "metric": "drivers.t", "operator": ">", "value": 2}]}}
BASE = {"id": "x", "title": "It holds <b>", "paraphrase": "P.", "place": "summary, paragraph 2", "kind": "regression"}
BASE |= {"no_alternatives": "Nothing could be chosen otherwise."}
TABLE = {"section": "drivers", "table": "curve", "columns": {"drivers.t": "high"}, "what": "specifications"}


def claim(**other: object) -> Claim:
    return Claim.model_validate(BASE | {"rule": RULE} | other)


def untestable() -> Claim:
    return Claim.model_validate(BASE | {"id": "y", "kind": "none", "would_test": "Plant data."})


def test_tables_of_alternatives_are_read_when_they_are_there(results):
    listed = claim(alternatives=[TABLE, {"sweep": "s", "columns": {"drivers.t": "a"}, "what": "points"}])
    missing = claim(id="z", alternatives=[TABLE | {"table": "absent"}])
    found = reading.read_alternatives([listed, missing], results, reading.sweeps_beside(results["drivers"]))
    assert sorted(found) == ["drivers/curve", "sweep:s"]


def entries(results: dict[str, Path]) -> list[ledger.Entry]:
    claims = [
        claim(alternatives=[TABLE], see=[{"section": "drivers", "label": "fig-curve"}], caveat="A caveat."),
        untestable(),
    ]
    tables = reading.read_alternatives(claims, results, {})
    return ledger.assess(claims, reading.read_facts(results), tables)


def test_the_ledger_says_verdict_numbers_and_robustness(results):
    table = ledger.ledger_table(entries(results))
    assert table["verdict"].tolist() == ["supported", "not testable"]
    assert table["evidence"].tolist() == ["t of innovation: 3", "Would decide: Plant data."]
    assert table["same_under"].tolist() == ["0% of 2", "nothing to vary"]
    assert ledger.counts(entries(results)) == dict(zip(VERDICTS, (1, 0, 0, 1), strict=True))


def test_the_details_of_a_claim_hold_rule_numbers_caveat_and_links(results):
    first, second = (ledger.details(entry) for entry in entries(results))
    assert "**Supported.** P. *(summary, paragraph 2)*" in first
    assert "Rule, fixed beforehand: supported if t of innovation > 2." in first
    assert "Same verdict under: 0% of 2 specifications." in first
    assert "Found: t of innovation: 3." in first
    assert "Mind: A caveat." in first
    assert "[figure in drivers](drivers.ipynb#fig-curve)" in first
    assert "What would test it: Plant data." in second
    assert "Same verdict under: nothing to vary: Nothing could be chosen otherwise." in second
    verdict, folded = first.split('::: {.callout-note .entry collapse="true"')
    assert "**Supported.**" in verdict
    assert "Rule, fixed beforehand" in folded
    assert folded.endswith("\n:::")


def test_the_details_hold_the_evidence_on_record(results):
    record = {"claim": "x", "value": 1.5, "low": -1, "high": 4, "unit": "points", "text": "A change."}
    made = record | {"text": "Another.", "interval": "95%, exact"}
    third = {"claim": "x", "value": "n/a", "text": "No interval."}
    facts = Facts({"drivers.t": 3.0}, {"drivers": [record, made, third]})
    (entry,) = ledger.assess([claim()], facts, {})
    told = ledger.details(entry)
    assert "On record: A change. 1.50 points (interval −1 to 4)." in told
    assert "On record: Another. 1.50 points (interval −1 to 4; 95%, exact)." in told
    assert "On record: No interval. n/a." in told


def test_evidence_for_a_claim_that_is_not_in_the_file_is_told():
    facts = Facts({}, {"policy": [{"claim": "xx", "value": 1}]})
    with pytest.raises(WorkError, match=r"Section policy left evidence: 'xx' is not a known claim. Did you mean 'x'"):
        ledger.assess([claim()], facts, {})


def test_every_claim_lists_alternatives_or_says_why_there_are_none():
    silent = [c.id for c in CLAIMS if bool(c.alternatives) == bool(c.no_alternatives)]
    assert silent == []
    assert [c.id for c in CLAIMS if c.rule and not c.alternatives] == []


def test_notebooks_leave_evidence_for_claims_of_the_file_only():
    known, named = {c.id for c in CLAIMS}, set()
    for path in [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "src" / "helpers").glob("*/findings.py")]:
        named |= set(re.findall(r'evidence\(\\n",\s+"\s*\\"([a-z0-9-]+)\\"', path.read_text(encoding="utf-8")))
        named |= set(re.findall(r'"claim": "([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    assert named
    assert named <= known


def test_metrics_of_the_section(results):
    found = ledger.metrics(entries(results), 0.8)
    assert found["claims"] == 2
    assert found["claims_supported"] == found["claims_not_testable"] == 1
    assert found["claims_partly"] == found["claims_not_supported"] == 0
    assert (found["claims_with_alternatives"], found["claims_robust"]) == (1, 0)
    assert (found["verdict_x"], found["robustness_x"], found["robustness_y"]) == ("supported", 0.0, None)


def test_numbers_in_words():
    assert ledger.figure_of(-1.234, 1) == "−1.2"
    assert ledger.figure_of(2.0, 3) == "2"
    assert ledger.figure_of(None, 1) == "n/a"
    assert ledger.figure_of((1.0, 2.5), 1) == "1 to 2.5"
    whole = ledger.Entry(claim(), Decision("supported"), Robustness(0.5, 2160))
    assert ledger.robustness_text(whole) == "50% of 2,160"
    absent = ledger.Entry(claim(alternatives=[TABLE]), Decision("supported"), Robustness(None))
    assert ledger.robustness_text(absent) == "not computed"


def test_rules_in_words_keep_their_structure():
    below = {"label": "a", "metric": "drivers.a", "operator": "<", "than": "drivers.b", "than_label": "b"}
    within = {"label": "c", "metric": "drivers.c", "operator": "between", "value": [1, 2]}
    asked = claim(rule={"supported": {"all": [below, {"any": [within, below]}]}, "partly": {"any": [within]}})
    assert ledger.rule_in_words(asked.rule) == (
        "supported if a < b and (c between 1 and 2 or a < b); partly if c between 1 and 2"
    )


def test_a_number_is_written_once_and_beside_what_it_is_compared_with():
    twice = {"label": "rank", "metric": "drivers.a", "operator": "<=", "digits": 0}
    asked = claim(rule={"supported": {"all": [twice | {"value": 2}]}, "partly": {"all": [twice | {"value": 5}]}})
    assert ledger.evidence_text(decide(asked.rule, Facts({"drivers.a": 4}, {}))) == "rank: 4"
    assert ledger.evidence_text(Decision("not testable")) == ""
    below = {"label": "a", "unit": "points", "metric": "drivers.a", "operator": "<"}
    below |= {"than": "drivers.b", "than_label": "b"}
    decision = decide(claim(rule={"supported": {"all": [below]}}).rule, Facts({"drivers.a": 4, "drivers.b": -1.5}, {}))
    assert ledger.evidence_text(decision) == "a: 4 points (b: −1.50 points)"


def test_a_number_compared_with_several_is_written_once():
    below = {"label": "a", "metric": "drivers.a", "operator": "<", "than": "drivers.b", "than_label": "b"}
    other = below | {"than": "drivers.c", "than_label": "c"}
    facts = Facts({"drivers.a": 1, "drivers.b": 2, "drivers.c": 3}, {})
    both = claim(rule={"supported": {"all": [below, other]}, "partly": {"any": [below, other]}})
    assert ledger.evidence_text(decide(both.rule, facts)) == "a: 1 (b: 2; c: 3)"
    alone = {"label": "b", "metric": "drivers.b", "operator": "<", "value": 0}
    after = claim(rule={"supported": {"all": [alone]}, "partly": {"all": [below, other]}})
    assert ledger.evidence_text(decide(after.rule, facts)) == "b: 2; a: 1 (c: 3)"


def test_missing_numbers_show_in_the_details():
    entry = ledger.assess([claim()], Facts({}, {}), {})[0]
    assert entry.verdict == "not testable"
    assert "Missing: t of innovation." in ledger.details(entry)


def test_the_figure_counts_every_claim(results):
    by_kind = ledger.verdicts_by_kind(entries(results))
    assert by_kind.to_numpy().sum() == 2
    assert list(by_kind.columns) == list(VERDICTS)
    figure = ledger.verdicts_plot(by_kind)
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written.count("1") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claims: [", "is not YAML"),
        ("claims: []", "claims: List should have at least 1 item"),
        ("claims: [{id: a-b, title: T}]", r"claim 'a-b', paraphrase: Field required"),
        ("claims: [{id: A b}]", "claim 'A b'"),
        ("claims: [!!python/object/apply:os.getcwd []]", "is not YAML"),
        ("- 1", "Input should be"),
    ],
)
def test_a_broken_file_of_claims_is_refused_in_words(tmp_path, text, message):
    path = tmp_path / "claims.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        reading.read_claims(path)


def test_a_missing_file_of_claims_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"claims.yml cannot be read"):
        reading.read_claims(tmp_path / "claims.yml")


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    commands.add_to(made)
    made.command("other")(lambda: None)  # with one command only, typer would leave its name out
    return made


def test_the_command_prints_the_ledger(app, results, monkeypatch):
    monkeypatch.setattr(commands, "_entries", lambda scenario: entries(results))
    result = CliRunner().invoke(app, ["claims", "--scenario", "latest", "--details"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "Claims under latest" in result.output
    assert "1 supported, 0 partly, 0 not supported, 1 not testable" in result.output
    assert "t of innovation: 3" in result.output


def test_the_command_refuses_an_unknown_scenario_and_unbuilt_sections(app, monkeypatch, tmp_path):
    result = CliRunner().invoke(app, ["claims", "--scenario", "lastest"])
    assert isinstance(result.exception, InputError)
    assert "Did you mean 'latest'" in str(result.exception)
    monkeypatch.setattr(commands, "project_root", lambda: tmp_path)
    result = CliRunner().invoke(app, ["claims"])
    assert isinstance(result.exception, WorkError)
    assert "No scenario has been built yet" in str(result.exception)


def test_a_scenario_without_runs_says_what_to_build(monkeypatch):
    monkeypatch.setattr("helpers.runner.completed", lambda scenario, section: None)
    with pytest.raises(WorkError, match=r"reshoring build innovation-index .* --scenario latest"):
        commands._entries("latest")
