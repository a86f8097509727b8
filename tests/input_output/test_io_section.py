"""The section on reshoring reads ingested tables: by name, by itself where they serve, and marked when generated."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from benchmarks.generate_icio import MANUFACTURING, generate
from helpers import ingested
from helpers.data import catalogue
from helpers.errors import InputError
from helpers.input_output.ingest import ingest
from helpers.reshoring import releases
from helpers.reshoring.parameters import ReshoringParameters
from helpers.runner import builder, fingerprint, notebooks

pytestmark = pytest.mark.xdist_group("ingested-panel")
PROJECT = Path(__file__).resolve().parents[2]
YEARS = (2015, 2016, 2017)
CHOSEN = {"compared": ["USA", "JPN", "DEU"], "base_year": 2015}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with the real section and generated tables of seven economies, ingested as `generated-icio`."""
    root = tmp_path_factory.mktemp("panel")
    for name in ("data", "requirements.lock", "_quarto.yml"):
        (root / name).symlink_to(PROJECT / name)
    (root / "scenarios").mkdir()
    (root / "notebooks").mkdir()
    shutil.copy(PROJECT / "notebooks" / "reshoring.ipynb", root / "notebooks")
    generate(root / "download", countries=8, industries=45, years=YEARS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESHORING_ROOT", str(root))
        patch.delenv("RESHORING_RUN", raising=False)
        ingest(root / "download", "icio", "generated-icio")
        yield root


@pytest.fixture
def published(project):
    """The same tables as if they had been published, for one test."""
    plain = project / "plain"
    shutil.copytree(project / "download", plain)
    (plain / ingested.MARKER).unlink()
    ingest(plain, "icio", "icio")
    yield "icio"
    shutil.rmtree(ingested.folder("input_output", "icio"))
    shutil.rmtree(plain)


@pytest.fixture(scope="module")
def run(project):
    """The section under generated tables."""
    asked = ["panel=generated-icio", "compared=[USA, JPN, DEU]", "base_year=2015", "draws=200"]
    return builder.run_section("reshoring", asked)


def foreign_share(path, iso3):
    """Return the foreign share of manufactured inputs from the file itself, percent."""
    table = pd.read_csv(path, index_col=0)
    users = [f"{iso3}_{industry}" for industry in MANUFACTURING]
    sellers = [label for label in table.index if label.partition("_")[2] in MANUFACTURING]
    bought = table.loc[sellers, users].sum(axis=1)
    home = [label for label in sellers if label.startswith(f"{iso3}_")]
    return 100 * (1 - bought[home].sum() / bought.sum())


def test_the_page_shows_the_shares_of_the_files(project, run):
    found = run.metrics
    first, last = (foreign_share(project / "download" / f"{year}_SML.csv", "KOR") for year in (2015, 2017))
    assert found["korea_s_base"] == pytest.approx(first, rel=1e-9)
    assert found["korea_s_last"] == pytest.approx(last, rel=1e-9)
    assert found["panel"] == "input_output/generated-icio"
    assert found["economies"] == 7


def test_the_run_says_what_it_read_and_is_marked(run):
    assert run.metrics["generated"] is True
    manifest = json.loads((run.path / "manifest.json").read_text())
    assert manifest["generated"]
    read = manifest["ingested"]["input_output/generated-icio"]
    assert read["title"] == "OECD Inter-Country Input-Output tables"
    text = (run.path / "notebook.ipynb").read_text()
    assert "ingested as generated-icio" in text
    assert "OECD Inter-Country Input-Output tables (ingested as generated-icio)" in text
    assert "@misc{oecdicio," in catalogue.bibliography(catalogue.tables_of_run(str(run.path)))


def test_generated_tables_are_never_read_unless_named(project):
    assert ReshoringParameters(**CHOSEN | {"base_year": 2010}).source.name == "2016"
    with pytest.raises(ValidationError, match="The base_year 2015 is not in WIOD release 2016"):
        ReshoringParameters(**CHOSEN)


def test_published_tables_are_read_where_they_serve_and_the_snapshot_otherwise(published):
    chosen = ReshoringParameters(**CHOSEN)
    assert chosen.ingested_sets() == ["input_output/icio"]
    assert chosen.window() == (2015, 2017)
    assert chosen.source.classes["C10T12"] == "medium-low"
    assert chosen.source.price_sensitive == ("C19", "C24")
    assert ReshoringParameters().ingested_sets() == []  # no year 2000 in it
    assert ReshoringParameters(base_year=2000, panel="snapshot").source.name == "2016"
    assert ReshoringParameters(release="2013").source.name == "2013"


def test_a_changed_ingestion_changes_the_fingerprint(project, published):
    section = notebooks.section("reshoring")
    values = ReshoringParameters(**CHOSEN).model_dump(mode="json")
    before = fingerprint.ingested_sets(section, values)
    manifest = ingested.manifest("input_output", published)
    ingested.write_manifest("input_output", published, manifest | {"title": "another"})
    after = fingerprint.ingested_sets(section, values)
    assert before.keys() == after.keys() == {"input_output/icio"}
    assert before != after


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"panel": "icoi"}, "'icoi' is not a known panel.*reshoring io ingest FOLDER --format icio"),
        (
            {"panel": "generated-icio", "compared": ["IND"]},
            "compared: 'IND' is not a known economy of the ingested tables generated-icio",
        ),
        ({"panel": "generated-icio", **CHOSEN, "base_year": 2000}, "base_year 2000 is not in the ingested tables"),
        ({"panel": "generated-icio", **CHOSEN, "exclude_industries": ["C10-C12"]}, "'C10-C12' is not a known industry"),
    ],
)
def test_what_a_set_does_not_hold_is_refused(project, given, words):
    with pytest.raises(ValidationError, match=words):
        ReshoringParameters(**given)


def test_a_set_of_an_older_version_is_refused_by_name_and_passed_over_otherwise(published):
    manifest = ingested.manifest("input_output", published)
    for entry in manifest["years"].values():
        del entry["economies"]
    ingested.write_manifest("input_output", published, manifest)
    assert releases.of_set(published) is None
    assert ReshoringParameters().source.name == "2016"
    with pytest.raises(ValidationError, match="ingested by an older version"):
        ReshoringParameters(panel=published, **CHOSEN)


def test_a_run_may_not_read_another_set_than_its_parameters_name(project, tmp_path, monkeypatch):
    from helpers.input_output.panels import load

    context = tmp_path / "context.json"
    context.write_text(json.dumps({"section": "reshoring", "tables": [], "ingested": []}))
    monkeypatch.setenv("RESHORING_RUN", str(context))
    with pytest.raises(InputError, match="input_output/generated-icio, which its parameters do not name"):
        load("input_output/generated-icio")
