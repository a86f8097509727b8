"""The scenario `generated-baci`: generator, ingestion, section, site and contract, with the watermark everywhere."""

import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from benchmarks.generate_baci import generate
from helpers import ingested, runner
from helpers.claims import reading
from helpers.cli import app, register
from helpers.data import catalogue, load
from helpers.errors import InputError
from helpers.runner.plan import plan, rows
from helpers.site import build, pages
from helpers.site.contract import contract
from helpers.trade.products.end_use import class_of

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests"))

from root_pages import write_root_pages  # noqa: E402

SECTION, SCENARIO = "intermediate-trade", "generated-baci"
SHIPPED = ("_quarto.yml", "CITATION.cff", "references.bib", "requirements.lock")
PAGE = f"build/pages/{SCENARIO}/{SECTION}.html"
YEARS = (2010, 2011, 2012, 2013)


pytestmark = pytest.mark.xdist_group("generated-baci")
register()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with one real section, and one scenario that reads generated product-level trade."""
    root = tmp_path_factory.mktemp("scenario")
    for name in SHIPPED:
        shutil.copy(PROJECT / name, root / name)
    for name in ("assets", "data"):
        (root / name).symlink_to(PROJECT / name)
    (root / "notebooks").mkdir()
    shutil.copy(PROJECT / "notebooks" / f"{SECTION}.ipynb", root / "notebooks")
    write_root_pages(root, SCENARIO)
    (root / "scenarios").mkdir()
    scenario = {"title": "Generated trade", "parameters": {SECTION: {"source": SCENARIO, "minimum_exports": 0}}}
    (root / "scenarios" / f"{SCENARIO}.yml").write_text(yaml.safe_dump(scenario))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESHORING_ROOT", str(root))
        patch.delenv("RESHORING_RUN", raising=False)
        yield root


@pytest.fixture(scope="module")
def release(project):
    folder = project / "download"
    generate(folder, 40_000, YEARS, economy_count=20, product_count=80, unmatched=2)
    return folder


@pytest.fixture(scope="module")
def site(project, release):
    """The site of the scenario, from generator to rendered pages."""
    result = CliRunner().invoke(app, ["trade", "ingest", str(release), "--format", "baci", "--name", SCENARIO])
    assert result.exit_code == 0, result.output
    recap = runner.build(jobs=1)
    assert recap.ok, recap.lines()
    assert build.publish(project, pages.published_runs(), "smalldocs")
    return project / "_site"


def results(project):
    return project / "build" / "runs" / SCENARIO / SECTION / "results"


@pytest.mark.parametrize("command", [["run", SECTION, "-p", "source=baci"], ["build", SECTION]])
def test_without_ingested_data_it_is_refused_before_anything_runs(tmp_path, project, monkeypatch, command):
    for name in ("notebooks", "data", "scenarios", "requirements.lock", "_quarto.yml"):
        (tmp_path / name).symlink_to(project / name)
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, InputError)
    assert result.exception.exit_code == 2
    assert "Download a release of CEPII BACI" in str(result.exception)
    assert "reshoring trade ingest FOLDER --format baci" in str(result.exception)
    assert not (tmp_path / "build").exists()


def test_the_page_answers_with_the_numbers_of_the_files(project, release, site):
    rows = pd.concat([pd.read_csv(path, dtype={"k": "str"}) for path in release.glob("BACI_*")], ignore_index=True)
    codes = pd.read_csv(next(release.glob("country_codes*"))).set_index("country_code")["country_iso3"]
    bec = load("hs6_bec4").query("hs_edition == 'HS2012'").set_index("hs6")["bec4"].map(class_of)
    kept = rows[rows["k"].map(bec) == "intermediate"].assign(i=rows["i"].map(codes), j=rows["j"].map(codes))
    korea = kept[kept["i"] == "KOR"].groupby(["t", "j"])["v"].sum() / 1e6
    table = pd.read_csv(results(project) / "tables" / "products-destinations.csv", index_col="destination")
    for code in ("CHN", "VNM", "USA"):
        assert table.loc[code, "2011"] == pytest.approx(korea[2011, code], rel=1e-12)
        assert table.loc[code, "2013"] == pytest.approx(korea[2013, code], rel=1e-12)
        assert table.loc[code, "share 2013, %"] == pytest.approx(100 * korea[2013, code] / korea[2013].sum(), rel=1e-12)
    bases = kept[kept["j"].isin(["CHN", "VNM", "IDN", "IND", "MEX"])].groupby(["i", "t"])["v"].sum()
    metrics = json.loads((results(project) / "metrics.json").read_text())
    for code in ("KOR", "USA", "DEU", "JPN"):
        growth = 100 * ((bases[code, 2013] / bases[code, 2011]) ** 0.5 - 1)
        assert metrics[f"products_growth_{code.lower()}"] == pytest.approx(growth, rel=1e-12)
    others = [100 * ((bases[code, 2013] / bases[code, 2011]) ** 0.5 - 1) for code in codes if code != "KOR"]
    slower = sum(growth < metrics["products_growth_kor"] for growth in others)
    assert metrics["products_percentile"] == pytest.approx(100 * slower / len(others))
    measures = {item.get("measure") for item in json.loads((results(project) / "evidence.json").read_text())}
    assert {"to production bases, product-level", "to VNM, product-level"} <= measures


def test_the_run_and_every_page_carry_the_watermark(project, site):
    assert json.loads((results(project) / "metrics.json").read_text())["generated"] is True
    run = pages.published_runs()[-1]
    assert run.generated
    assert run.ingested[f"trade/{SCENARIO}"]["title"] == "BACI 202401b (HS2012)"
    text = (site / PAGE).read_text()
    assert text.count('class="generated-data"') == 1
    assert text.index('class="generated-data"') < text.index("<figure")
    assert "Generated data: no number here says anything about the world" in text
    assert "ingested as generated-baci" in text
    assert 'class="generated-data"' in (site / "index.html").read_text()
    assert "Generated data" in (results(project) / "figures" / "windows.svg").read_text()
    assert "GENERATED DATA" in (results(project) / "figures" / "window-growth.svg").read_text()
    assert contract(site) == []


def test_a_page_that_lost_its_banner_breaks_the_contract(site, tmp_path):
    copy = Path(shutil.copytree(site, tmp_path / "copy"))
    text = (copy / PAGE).read_text().replace('class="generated-data"', "")
    (copy / PAGE).write_text(text)
    assert {finding.rule for finding in contract(copy)} == {"generated data"}


def test_the_ledger_does_not_count_it(project, site):
    folders = {SECTION: results(project)}
    assert reading.from_generated(folders) == [SECTION]
    facts = reading.read_facts(folders)
    assert not facts.metrics
    assert not facts.evidence
    listed = reading.read_claims(PROJECT)
    assert reading.read_alternatives(listed, folders, {}) == {}


def test_the_references_name_the_producer(site):
    used = catalogue.tables_of_run(f"{SCENARIO}/{SECTION}")
    assert f"trade/{SCENARIO}" in used
    printed = catalogue.bibliography(used)
    assert "@techreport{gaulier2010baci," in printed
    assert f"% trade/{SCENARIO}: BACI 202401b (HS2012)" in printed


def test_a_changed_ingestion_makes_the_run_stale(project, release, site):
    (now,) = rows(plan(None, [SECTION]))
    assert now.state == "up to date"
    path = sorted(release.glob("BACI_*"))[0]
    whole = path.read_text()
    try:
        path.write_text(whole[: whole.rstrip("\n").rindex("\n") + 1])
        CliRunner().invoke(app, ["trade", "ingest", str(release), "--format", "baci", "--name", SCENARIO])
        (now,) = rows(plan(None, [SECTION]))
        assert now.reasons == [f"ingested data set trade/{SCENARIO} changed"]
    finally:
        path.write_text(whole)
    assert ingested.names("trade") == [SCENARIO]
