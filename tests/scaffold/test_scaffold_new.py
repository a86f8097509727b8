"""`reshoring new` in a clone: each kind leaves files that build; what cannot be used leaves everything as it was."""

import json
import re
import sys

import clone
import pandas as pd
import pytest
import typer
import yaml
from typer.testing import CliRunner

from helpers import data, sections
from helpers.claims import reading
from helpers.errors import InputError
from helpers.index import rankings, select
from helpers.index.parameters import InnovationIndexParameters
from helpers.runner import notebooks, parameters, sweeps
from helpers.runner.commands import _warn_of_breaches
from helpers.scaffold import commands, indicator, section

#: All of them work on one clone, in this order.
pytestmark = pytest.mark.xdist_group("scaffold")
INDICATOR = {
    "title": "Robots at work",
    "producer": "Institute of Robots",
    "series-code": "ROB.1",
    "url": "https://example.org/robots",
    "unit": "robots",
    "definition": "Robots that work, counted at the end of the year.",
    "licence": "CC BY 4.0",
    "published": "2020-11",
    "vintage": "ior-2020",
}
OTHER = {"title": "Robots two", "series-code": "ROB.2"}
CODES = ("AUS", "DEU", "FRA", "GBR", "ITA", "JPN", "KOR", "NLD", "USA", "SWE", "CAN", "ESP", "CHN", "POL")
ROWS = [f"{code},{year},{(number + 2) * year % 97}" for number, code in enumerate(CODES) for year in range(2015, 2026)]
CSV = "\n".join(["iso3,year,value", *ROWS, ""])
CLAIM = {
    "title": "Korea has many robots",
    "question": "innovation-index",
    "paraphrase": "Korea has more robots than others.",
    "place": "summary, paragraph 3",
}
RULE = {"metric": "innovation-index.korea_rank_rd_gdp", "number": "Korea's rank", "kind": "rank", "printed": "2"}
SWEEP = {"title": "Years", "section": "innovation-index", "metric": "korea_rank_composite", "vary": "year=2016,2017"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return clone.write(tmp_path_factory.mktemp("clone"))


@pytest.fixture
def new(root, monkeypatch):
    """Return a function that calls `reshoring new` on the clone: exit code, and all that was said."""
    monkeypatch.setenv("RESHORING_ROOT", str(root))
    # A section that was made here has its module here.
    monkeypatch.setattr(sections, "__path__", [*sections.__path__, str(root / "src/helpers/sections")])
    app = typer.Typer()
    commands.add_to(app)
    app.command("other")(lambda: None)

    def call(*arguments, **options):
        given = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", value)]
        result = CliRunner().invoke(app, ["new", *arguments, *given])
        code = result.exception.exit_code if isinstance(result.exception, InputError) else result.exit_code
        return code, result.output + str(result.exception or "")

    return call


def options(given):
    return {name.replace("-", "_"): value for name, value in given.items()}


def test_a_section_builds_at_once_and_its_page_keeps_the_contract(root):
    made = clone.reshoring(
        root, "new", "section", "labour-pay", "--title", 'Who gets "paid"?', "--table", "labour_share"
    )
    assert made.returncode == 0, made.stderr
    done = clone.reshoring(root, "run", "labour-pay", "--scenario", "latest")
    assert (done.returncode, "warning" in done.stderr) == (0, False), done.stderr
    (page,) = root.glob("build/adhoc/labour-pay/*/notebook.ipynb")
    outputs = [
        len(cell.get("outputs", [])) for cell in json.loads(page.read_text())["cells"] if "label" in str(cell["source"])
    ]
    assert outputs == [2, 2]  # chart and table, each above its source line
    assert re.search(r"Korea stood at\n\*\*0\.\d\d\*\*", page.read_text().replace('",\n    "', "").replace("\\n", "\n"))
    left = ["src/helpers/sections/labour_pay.py", "tests/sections/test_section_labour_pay.py"]
    tested = clone.called(root, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", left[1])
    assert tested.returncode == 0, tested.stdout
    for check in (["ruff", "check"], ["ruff", "format", "--check"]):
        assert clone.called(root, sys.executable, "-m", *check, *left).returncode == 0
    assert "/build/pages/latest/labour-pay.html" in (root / "_quarto.yml").read_text()
    assert '"labour-pay"' in (root / parameters.SCHEMA).read_text()


@pytest.mark.usefixtures("new")
def test_a_page_that_would_break_the_contract_is_warned_of_with_what_mends_it(root, capsys):
    (page,) = root.glob("build/adhoc/labour-pay/*/notebook.ipynb")
    page.write_text(page.read_text().replace("#| tbl-cap: ", "#| other: "))
    _warn_of_breaches(page.parent)
    told = capsys.readouterr().err
    assert "warning: the site would leave this page out: the table" in told
    assert "begins with `#| label: tbl-NAME` and `#| tbl-cap: ...`" in told


def test_an_indicator_enters_the_catalogue_and_an_index_without_an_edit_of_code(root, new, tmp_path):
    given = tmp_path / "robots.csv"
    given.write_text(CSV)
    code, told = new("indicator", "robots_at_work", csv=str(given), scenario="latest", **options(INDICATOR))
    assert code == 0, told
    assert "robots_at_work, vintage ior-2020: none -> 154 rows, 14 economies, 2015-2025" in told
    record = yaml.safe_load((root / "data/indicators/robots_at_work.yml").read_text())
    assert record["licence_url"] == "https://creativecommons.org/licenses/by/4.0/"
    coverage = {"first": 2015, "last": 2025, "minimum_economies": 14}
    assert record["vintages"] == [{"name": "ior-2020", "published": "2020-11"} | coverage]
    chosen = InnovationIndexParameters(**notebooks.named_scenario("latest").own["innovation-index"])
    selection = select.select(select.read_tables(data.load, chosen), chosen, data.economies.group(chosen.group))
    robots = {row.split(",")[0]: int(row.split(",")[2]) for row in ROWS if f",{chosen.reference_year()}," in row}
    rank = 1 + sum(count > robots["KOR"] for code, count in robots.items() if code in selection.values.index)
    assert rankings.rank_metrics(selection)["korea_rank_robots_at_work"] == rank


def test_scenario_sweep_and_claim_are_what_their_readers_take(root, new):
    code, told = new("scenario", "few", title="Few", extends="kita-2021", set="innovation-index.group=oecd")
    assert code == 0, told
    assert notebooks.named_scenario("few").own == {"innovation-index": {"group": "oecd"}}
    code, told = new("sweep", "years", **SWEEP)
    assert code == 0, told
    assert [point.parameters["year"] for point in sweeps.state_now("years").points] == [2016, 2017]
    code, told = new("claim", "korea-robots", **CLAIM, **RULE)
    assert code == 0, told
    code, told = new("claim", "korea-ties", **CLAIM | {"title": "Korea: ties, and more"}, would_test="Plant data.")
    assert code == 0, told
    robots, ties = reading.read_claims(root)[-2:]
    assert (robots.frozen, ties.frozen) == (True, True)
    assert (robots.kind.title, robots.rule.numbers[0].printed, ties.would_test) == ("rank", 2, "Plant data.")
    described = {"asks": "difference", "smallest": "2", "unit": "robots", "reason": "So many are idle."}
    rule = {key: value for key, value in RULE.items() if key != "printed"} | {"kind": "robots", "wanted": "less"}
    code, told = new("claim", "robots-idle", **CLAIM, **rule, **described)
    assert code == 0, told
    assert [one.kind.smallest for one in reading.read_claims(root) if one.id == "robots-idle"] == [2]
    assert (root / "data/claims.yml").read_text().startswith((clone.ROOT / "data/claims.yml").read_text()[:3000])


def test_a_section_compares_economies_that_its_table_has(monkeypatch):
    rows = pd.DataFrame({"iso3": ["FRA", "ABW", "FRA"], "year": [2001, 1990, 2005], "value": [1.0, None, 2.0]})
    monkeypatch.setattr(section, "load", lambda name: rows)
    words = section._words(section.NewSection("spending", "Who spends?", "rd_gdp"))
    assert [words[name] for name in ("compared", "focus", "first", "last")] == ['["FRA"]', "FRA", "2001", "2005"]
    assert words["other"] not in words["compared"]


SECTION = {"title": "T", "table": "rd_gdp"}
NO_RULE = {key: value for key, value in RULE.items() if key != "printed"}


@pytest.mark.parametrize(
    ("kind", "name", "given", "words"),
    [
        ("section", "../outside", SECTION, "'../outside' cannot be the name of a section"),
        ("section", "My Pay", SECTION, "such as 'my-pay'"),
        ("section", "class", SECTION, "such as 'my-class'"),
        ("section", "policy", SECTION, "There is a section 'policy' already: notebooks/policy.ipynb"),
        ("section", "pay", SECTION | {"table": "rd_dgp"}, "Did you mean 'rd_gdp'"),
        ("section", "pay", {"title": "T"}, "--table is missing"),
        ("scenario", "latest", {"title": "T"}, "There is a scenario 'latest' already"),
        ("scenario", "loop", {"title": "T", "extends": "loop"}, "Scenario loop cannot extend itself"),
        ("scenario", "odd", {"title": "T", "extends": "lastest"}, "Did you mean 'latest'"),
        ("scenario", "odd", {"title": "T", "set": "innovation-index.year=1800"}, "has no data for 1800"),
        ("scenario", "odd", {"title": "T", "set": "inovation.year=2018"}, "Did you mean 'innovation-index'"),
        ("scenario", "odd", {"title": "T", "set": "year=2018"}, "write it as section.parameter=value"),
        ("sweep", "drivers", SWEEP, "There is a sweep 'drivers' already"),
        ("sweep", "odd", SWEEP | {"vary": "yaer=2016"}, "Did you mean 'year'"),
        ("sweep", "odd", SWEEP | {"vary": "year"}, "write it as name=value,value"),
        ("sweep", "odd", SWEEP | {"section": "claims"}, "reads the results of others"),
        ("sweep", "odd", SWEEP | {"vary": "focus=VAT", "metric": ""}, "Every point is refused"),
        ("claim", "korea-rank-rd", CLAIM | RULE, "There is a claim 'korea-rank-rd' already"),
        ("claim", "odd", CLAIM | RULE | {"metric": "drivers.high_tec"}, "'drivers.high_tec' is not a known metric"),
        ("claim", "odd", CLAIM | RULE | {"kind": "rnak"}, "Did you mean 'rank'"),
        ("claim", "odd", CLAIM | RULE | {"question": "data"}, "needs` of the notebook claims"),
        ("claim", "odd", CLAIM | NO_RULE, "a printed figure belongs to a kind that asks for figures only"),
        ("claim", "odd", CLAIM | RULE | {"kind": "own", "asks": "difference"}, "Field required"),
        ("claim", "odd", CLAIM, "--would-test is missing"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_written(root, new, kind, name, given, words):
    before = clone.content(root)
    code, told = new(kind, name, **given)
    assert (code, words in told) == (2, True), told
    assert clone.content(root) == before


@pytest.mark.parametrize(
    ("change", "given", "words"),
    [
        (("KOR,2018,", "KOR,2018,4,"), {}, "a decimal comma makes two of one"),
        (("KOR,2018,", 'KOR,2018,"4,5"\nKOR,2014,'), {}, "'4,5' is not a number; write a decimal point"),
        (("iso3,year,value", "\ufeffiso3,year,vintage,value"), {}, "byte order mark"),
        (("KOR,2018,", "KOR,2017,"), {}, "iso3 KOR, year 2017, vintage ior-2020 occurs more than once"),
        (("KOR", "KOREA"), {}, "'KOREA' is not an ISO 3166 alpha-3 code"),
        (("iso3,year", "code,year"), {}, "header"),
        ((",", ";"), {}, "header"),
        (("", ""), {"vintage": ""}, "name the producer's publication with --vintage"),
        (("", ""), {"licence": "CC-BY 4.0"}, "Did you mean 'CC BY 4.0'"),
        (("", ""), {"unit": "% of GPD"}, "Did you mean '% of GDP'"),
        (("", ""), {"url": "javascript:alert(1)"}, "url: String should match pattern"),
        (("", ""), {"series-code": "GB.XPD.RSDV.GD.ZS"}, "its record has the series_code of"),
        (("", ""), {"scenario": "lastest"}, "Did you mean 'latest'"),
        (
            ("", ""),
            {"scenario": "kita-2021", "published": "2026"},
            "no vintage of table robots_two was published by then",
        ),
    ],
)
def test_a_table_or_record_that_is_not_sound_is_refused_and_nothing_written(root, new, tmp_path, change, given, words):
    path = tmp_path / "robots.csv"
    path.write_text(CSV.replace(*change))
    before = clone.content(root)
    code, told = new("indicator", "robots_two", csv=str(path), **options(INDICATOR | OTHER | given))
    assert (code, words in told) == (2, True), told
    assert clone.content(root) == before


def test_unit_and_licence_are_taken_as_they_stand_when_that_is_meant():
    check = indicator.near("unit", ["% of GDP"])
    with pytest.raises(InputError, match="give --as-given too, or answer the same again"):
        check("% of GPD")
    assert check("% of GPD") == "% of GPD"
    assert check("nails") == "nails"
    assert indicator.near("unit", ["% of GDP"], as_given=True)("% of GPD") == "% of GPD"


def test_at_a_terminal_what_cannot_be_used_is_asked_for_again(root, new, monkeypatch):
    answers = iter(["rd_dgp", "rd_gdp"])
    monkeypatch.setattr(commands.sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(commands.typer, "prompt", lambda words, default: next(answers))
    from helpers.scaffold.section import table_name

    assert commands._asked(None, "--table", "Table", check=table_name) == "rd_gdp"


def test_what_is_answered_twice_is_meant(monkeypatch):
    answers = iter(["% of GPD", "% of GPD"])
    monkeypatch.setattr(commands.sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(commands.typer, "prompt", lambda words, default: next(answers))
    check = indicator.near("unit", ["% of GDP"])
    assert commands._asked(None, "--unit", "Unit", check=check) == "% of GPD"
