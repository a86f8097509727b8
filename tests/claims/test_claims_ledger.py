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
from helpers.claims.model import Claim, Claims
from helpers.claims.verdict import VERDICTS, Decision, Facts, Robustness
from helpers.errors import InputError, WorkError

ROOT = Path(__file__).parents[2]
CLAIMS = reading.read_claims(ROOT)


def test_the_file_holds_the_claims_of_the_study():
    wanted = (
        "korea-rank-rd korea-rank-hightech-exports korea-rank-hightech-patents korea-rank-ict korea-highly-innovative "
        "rivals-ranks reshoring-usa-japan-germany gvc-slowdown-2011 faster-since-covid innovation-goes-with-reshoring "
        "korea-returns-fewer korea-returns-stagnated-2019 korea-intermediates-abroad-2011 rivals-slowed-2011 "
        "low-cost-drew-production growth-printed"
    )
    assert set(wanted.split()) <= {claim.id for claim in CLAIMS}


def test_rules_are_frozen():
    changed = {claim.id: claim.digest() for claim in CLAIMS if not claim.frozen}
    assert changed == {}, "A rule changed. Add an entry to its history: date, was, gave, reason, and this digest."


def test_a_rule_that_replaced_another_says_what_that_gave_and_why():
    for change in (change for claim in CLAIMS for change in claim.history):
        assert bool(change.was) == bool(change.gave)
        assert len(change.reason) > 5


def test_no_rule_that_was_revised_is_said_to_be_fixed_beforehand():
    page = (ROOT / "notebooks" / "claims.ipynb").read_text(encoding="utf-8")
    assert "beforehand" not in page + Path(ledger.__file__).read_text(encoding="utf-8")
    assert any(change.was for claim in CLAIMS for change in claim.history)


def test_kinds_stand_in_the_file_once_each_with_its_smallest_effect():
    assert {claim.kind.title for claim in CLAIMS if claim.kind} == {
        kind.title for kind in reading.read_file(ROOT).kinds
    }


PRINTED = {
    "korea-rank-rd": ["KITA: world rank of R&D to GDP"],
    "korea-rank-hightech-exports": ["KITA: world rank of high-tech share of manufacturing exports"],
    "korea-rank-hightech-patents": ["KITA: world rank of high-tech share of patents"],
    "korea-rank-ict": ["KITA: world rank of ICT development index"],
    "rivals-ranks": ["KITA: world rank of R&D to GDP", "KITA: world rank of high-tech share of patents"],
    "growth-printed": [
        "KITA: mean annual growth of intermediate-goods exports to the world (UN Comtrade)",
        "KITA: change of that growth against 2001-2010",
    ],
}


@pytest.mark.parametrize("name", PRINTED)
def test_printed_figures_of_rules_are_those_of_the_table(name):
    published = data.load("reshoring_counts")
    (found,) = [claim for claim in CLAIMS if claim.id == name]
    own = published["iso3"] == "KOR" if name.startswith("korea") else published["iso3"].isin(["USA", "JPN", "DEU"])
    rows = published[own & published["measure"].isin(PRINTED[name])]
    assert sorted(number.printed for number in found.rule.numbers) == sorted(rows["value"])


CAUSES = ["faster-since-covid", "low-cost-drew-production", "innovation-returns-high-tech", "more-research-helps"]


@pytest.mark.parametrize("name", CAUSES)
def test_a_claim_that_names_a_cause_is_partly_supported_at_most(name):
    (found,) = [claim for claim in CLAIMS if claim.id == name]
    assert found.rule.at_most == "partly"
    assert 'stops at "partly"' in found.caveat


def test_metrics_that_claims_read_are_promised_by_a_cell_that_exists():
    for name, cell in reading.declared_metrics(ROOT).items():
        notebook = nbformat.read(ROOT / "notebooks" / f"{name.partition('.')[0]}.ipynb", as_version=4)
        (found,) = [one for one in notebook.cells if one.id == cell]
        assert "report.metrics(" in found.source
    asked = {name for claim in CLAIMS if claim.rule for name in claim.rule.metrics()}
    assert asked <= set(reading.declared_metrics(ROOT))


def test_a_rule_that_asks_for_an_unknown_metric_is_refused_before_a_run(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    text = (ROOT / "data" / "claims.yml").read_text(encoding="utf-8")
    wrong = text.replace("metric: drivers.high_tech,", "metric: drivers.high_tec,").replace(
        "{drivers.high_tech: estimate", "{drivers.high_tec: estimate"
    )
    (tmp_path / "data" / "claims.yml").write_text(wrong, encoding="utf-8")
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    monkeypatch.setattr(reading, "project_root", lambda: tmp_path)
    with pytest.raises(
        ValueError, match=r"claim 'innovation-returns-high-tech': 'drivers.high_tec' is not a known metric"
    ):
        reading.ClaimsParameters()


def labels_of(section: str) -> set[str]:
    notebook = nbformat.read(ROOT / "notebooks" / f"{section}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return set(re.findall(r"^#\| label: (\S+)", text, flags=re.MULTILINE))


def test_every_link_leads_to_a_figure_or_table_of_a_notebook():
    labels = {section: labels_of(section) for section in reading.answering(ROOT)}
    broken = [(c.id, link.label) for c in CLAIMS for link in c.see if link.label not in labels[link.section]]
    assert broken == []


def test_the_ledger_needs_every_section_that_answers_claims():
    front = nbformat.read(ROOT / "notebooks" / "claims.ipynb", as_version=4).cells[0].source
    assert f"needs: [{', '.join(reading.answering(ROOT))}]" in front.splitlines()


def test_every_sweep_named_by_a_claim_is_declared_by_the_notebook():
    front = nbformat.read(ROOT / "notebooks" / "claims.ipynb", as_version=4).cells[0].source
    named = {listed.sweep for claim in CLAIMS for listed in claim.alternatives if listed.sweep}
    declared = re.search(r"^sweeps: \[(.*)\]$", front, flags=re.MULTILINE)
    assert named == (set(declared.group(1).split(", ")) if declared else set())
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
    write(results["drivers"], "metrics.json", "{")
    with pytest.raises(WorkError, match=r"drivers/metrics.json is damaged: .* Run that section again"):
        reading.read_facts(results)


KIND = {"title": "t", "asks": "difference", "smallest": 1, "unit": "points", "reason": "So it is."}
RULE = {"numbers": [{"label": "t of innovation", "metric": "drivers.t"}]}
HISTORY = [
    {"date": "2026-11-23", "reason": "First."},
    {"date": "2026-11-28", "was": "t > 2", "gave": "partly", "reason": "Asked too little.", "asked": "More."},
]
BASE = {"id": "x", "title": "It holds <b>", "paraphrase": "P.", "place": "summary, paragraph 2", "history": HISTORY}
BASE |= {"question": "drivers", "no_alternatives": "Nothing could be chosen otherwise."}
TABLE = {"section": "drivers", "table": "curve", "columns": {"drivers.t": "low"}, "what": "specifications"}


def claim(**other: object) -> Claim:
    return Claim.model_validate(BASE | {"rule": RULE, "kind": KIND} | other)


def untestable() -> Claim:
    return Claim.model_validate(BASE | {"id": "y", "would_test": "Plant data.", "history": HISTORY[:1]})


@pytest.mark.parametrize(
    "given",
    [
        {"question": "designs"},
        {"see": [{"section": "designs", "label": "fig-a"}]},
        {"alternatives": [TABLE | {"section": "designs"}], "no_alternatives": ""},
    ],
)
def test_a_section_that_answers_no_claims_is_refused(given):
    with pytest.raises(InputError, match=r"claim 'x': 'designs' is not a known section"):
        Claims(claims=[claim(**given)]).refuse_unknown(reading.declared_metrics(ROOT))


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


def test_the_ledger_says_verdict_numbers_and_strength(results):
    table = ledger.ledger_table(entries(results))
    assert table["verdict"].tolist() == ["supported", "not testable"]
    assert table["evidence"].tolist() == ["t of innovation: 3 points, as claimed", "What would test it: Plant data."]
    assert table["strength"].tolist() == ["mixed (50% of 2)", "nothing to vary"]
    assert table["smallest"].tolist() == ["1 point", ""]
    assert table["detectable"].tolist() == ["measured, not estimated", ""]
    assert ledger.counts(entries(results)) == dict(zip(VERDICTS, (1, 0, 0, 0, 1), strict=True))


def test_the_details_of_a_claim_hold_rule_numbers_history_caveat_and_links(results):
    first, second = (ledger.details(entry, str) for entry in entries(results))
    assert "[supported]{.value-mark .mark-supported} (mixed, proxy evidence): t of innovation: 3 points" in first
    assert "The study says: P. *(summary, paragraph 2; extension)*" in first
    for told in (
        "Rule: t of innovation (more). A number agrees when it lies on the side named, by 1 point or more",
        "Same verdict under: 50% of 2 specifications.",
        "Found: t of innovation: 3 points, as claimed.",
        "Smallest effect that matters: 1 point. So it is.",
        "Changed on 2026-11-28: the rule was “t > 2” and gave partly. A review asked: “More.” Asked too little.",
        "This rule has been changed since and its history does not say so.",
        "Mind: A caveat.",
        "[figure in drivers](drivers.ipynb#fig-curve)",
    ):
        assert told in first
    assert "What would test it: Plant data." in second
    assert "Same verdict under: nothing to vary: Nothing could be chosen otherwise." in second
    verdict, folded = first.split('::: {.callout-note .entry collapse="true"')
    assert "[supported]" in verdict
    assert folded.endswith("\n:::")


def test_changes_of_rules_and_the_code_behind_numbers_are_tables(results):
    changed = ledger.revisions(entries(results))
    (row,) = changed.to_dict("records")
    assert (row["date"], row["was"], row["gave"], row["now"]) == ("2026-11-28", "t > 2", "partly", "supported")
    (row,) = ledger.sources(entries(results), {"drivers.t": "results"}).to_dict("records")
    assert (row["metric"], row["notebook"], row["cell"]) == ("t", "drivers.ipynb", "results")
    assert row["shown"] == "drivers#fig-curve"


def test_an_estimate_shows_its_interval_and_what_it_could_have_seen():
    number = {"label": "a", "metric": "drivers.t", "low": "drivers.low", "high": "drivers.high"}
    facts = Facts({"drivers.t": 0.4, "drivers.low": -3.7, "drivers.high": 4.5}, {})
    (entry,) = ledger.assess([claim(rule={"numbers": [number]})], facts, {})
    assert ledger.evidence_text(entry) == "a: 0.4 points (interval −3.7 to 4.5), too imprecise to tell"
    assert ledger.detectable_text(entry) == "5.9 points"
    assert "its 95% interval lies on the side named" in ledger.rule_in_words(entry.claim)
    printed = claim(
        rule={"numbers": [{"label": "rank", "metric": "drivers.t", "printed": 2}]},
        kind=KIND | {"asks": "figure", "near": 3},
    )
    (entry,) = ledger.assess([printed], Facts({"drivers.t": 4}, {}), {})
    assert ledger.evidence_text(entry) == "rank: 4 (printed 2), near what is printed"
    assert ledger.rule_in_words(printed).endswith("it lies within 1 point of what is printed; nearly, within 3 points")


def test_of_many_numbers_it_is_told_how_many_agree():
    numbers = [{"label": f"{at}", "metric": "drivers.t", "group": "the USA", "wanted": "more"} for at in range(4)]
    numbers += [{"label": "last", "metric": "drivers.t", "group": "Japan", "wanted": "less"}]
    (entry,) = ledger.assess([claim(rule={"numbers": numbers})], Facts({"drivers.t": 2}, {}), {})
    assert ledger.evidence_text(entry) == (
        "the USA: 4 of 4 numbers as claimed, 0 against; Japan: 0 of 1 numbers as claimed, 1 against"
    )


def test_a_metric_that_a_section_promised_and_did_not_leave_is_told():
    with pytest.raises(WorkError, match=r"Section drivers left no metric t, which claim 'x' asks for"):
        ledger.assess([claim()], Facts({"drivers.other": 1}, {}), {})


def test_the_details_hold_the_evidence_on_record(results):
    record = {"claim": "x", "value": 1.5, "low": -1, "high": 4, "unit": "points", "text": "A change."}
    made = record | {"text": "Another.", "interval": "95%, exact"}
    third = {"claim": "x", "value": "n/a", "text": "No interval."}
    facts = Facts({"drivers.t": 3.0}, {"drivers": [record, made, third]})
    (entry,) = ledger.assess([claim()], facts, {})
    told = ledger.details(entry, str)
    assert "On record: A change. 1.50 points (interval −1 to 4)." in told
    assert "On record: Another. 1.50 points (interval −1 to 4; 95%, exact)." in told
    assert "On record: No interval. n/a." in told


def test_evidence_for_a_claim_that_is_not_in_the_file_is_told():
    facts = Facts({}, {"policy": [{"claim": "xx", "value": 1}]})
    with pytest.raises(WorkError, match=r"Section policy left evidence: 'xx' is not a known claim. Did you mean 'x'"):
        ledger.assess([claim()], facts, {})


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
    assert found["claims_partly"] == found["claims_contradicted"] == found["claims_inconclusive"] == 0
    assert (found["claims_with_alternatives"], found["claims_robust"], found["claims_mixed"]) == (1, 0, 1)
    assert (found["verdict_x"], found["robustness_x"], found["robustness_y"]) == ("supported", 0.5, None)
    assert (found["claims_proxy"], found["claims_direct"]) == (1, 0)


def test_numbers_in_words():
    assert ledger.figure_of(-1.234, 1) == "−1.2"
    assert ledger.figure_of(2.0, 3) == "2"
    assert ledger.figure_of(None, 1) == "n/a"
    whole = ledger.Entry(claim(), Decision("supported"), Robustness(0.5, 2160))
    assert ledger.robustness_text(whole) == "50% of 2,160"
    absent = ledger.Entry(claim(alternatives=[TABLE]), Decision("supported"), Robustness(None))
    assert ledger.robustness_text(absent) == "not computed"
    entry = ledger.assess([claim()], Facts({"drivers.t": None}, {}), {})[0]
    assert entry.verdict == "not testable"
    assert "Found: t of innovation: n/a, missing." in ledger.details(entry, str)


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
        ("claims: [", "claims.yml, line 2: not valid YAML"),
        ("claims: []", "claims: List should have at least 1 item"),
        ("claims: [{id: a-b, title: T, question: drivers}]", r"claim 'a-b', paraphrase: Field required"),
        ("claims: [{id: A b}]", "claim 'A b'"),
        ("claims: [!!python/object/apply:os.getcwd []]", "line 1: tags such as"),
        ("- 1", "Input should be"),
    ],
)
def test_a_broken_or_missing_file_of_claims_is_refused_in_words(tmp_path, text, message):
    write(tmp_path / "data", "claims.yml", text)
    with pytest.raises(InputError, match=message):
        reading.read_claims(tmp_path)
    (tmp_path / "data" / "claims.yml").unlink()
    with pytest.raises(InputError, match=r"claims.yml cannot be read"):
        reading.read_claims(tmp_path)


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    commands.add_to(made)
    made.command("other")(lambda: None)  # with one command only, typer would leave its name out
    return made


def test_the_command_prints_the_ledger(app, results, monkeypatch):
    monkeypatch.setattr(commands, "_entries", lambda scenario: entries(results))
    result = CliRunner().invoke(app, ["claims", "--scenario", "latest", "--details"], env={"COLUMNS": "400"})
    assert result.exit_code == 0, result.output
    assert "Claims under latest" in result.output
    assert "1 supported, 0 partly, 0 contradicted, 0 inconclusive, 1 not testable" in result.output
    assert "t of innovation: 3 points" in result.output
    result = CliRunner().invoke(app, ["claims", "--digests"])
    assert result.exit_code == 0, result.output
    assert f"{CLAIMS[0].digest()}  {CLAIMS[0].id}\n" in result.output


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


def test_front_page_and_ledger_show_the_claims_of_every_question():
    asked = {one.question for one in reading.read_claims()}
    for name in ("index", "claims"):
        text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
        assert {one for one in asked if f'[\\"{one}\\"]' not in text} == set()


def test_what_the_feed_follows_names_its_sections_and_changes_lead_to_their_claims(results):
    found = entries(results)
    rows = ledger.followed(found).to_dict("records")
    verdicts = {row["anchor"]: row["value"] for row in rows if row["what"].startswith("Verdict on")}
    assert verdicts == {one.claim.id: one.verdict for one in found if one.claim.rule}
    assert {row["sections"] for row in rows} == {"drivers"}
    assert len({row["what"] for row in rows}) == len(rows)
    (row,) = ledger.dated(found).to_dict("records")
    assert row["what"].startswith("Rule changed: ")
    assert row["text"].endswith("Before: t > 2. It gave: partly. Verdict now: supported.")
    assert row["anchor"] in {one.claim.id for one in found}
