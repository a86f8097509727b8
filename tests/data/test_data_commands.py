"""`reshoring data ...` as it is typed."""

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from helpers import data, ingested
from helpers.data.commands import add_to
from helpers.data.update import tiva, updating
from helpers.errors import InputError, WorkError
from helpers.input_output.ingest import FORMATS
from helpers.trade.products.sources import BACI, COMTRADE

ENTRY = re.compile(r"@(\w+)\{([^,]+),\n((?:  \w+ = \{.*\},?\n)+)\}\n")


@pytest.fixture
def reshoring():
    app = typer.Typer()
    app.callback()(lambda: None)
    add_to(app)
    return app


def run(app, *arguments):
    result = CliRunner().invoke(app, ["data", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_list_and_show_print_the_records(reshoring):
    listed = run(reshoring, "list")
    assert all(name in listed for name in data.tables())
    row = next(line for line in listed.splitlines() if line.strip().startswith("rd_gdp"))
    assert all(part in row for part in ("% of GDP", "unsdg-2020-10", "2000-2018", "148 economies", "CC BY 4.0"))
    shown = run(reshoring, "show", "hightech_exports_share")
    for text in ("TX.VAL.TECH.MF.ZS", "CC BY 4.0", "iso3 HKG, year from 2017: break in 2017", "SHA-256"):
        assert text in shown


def test_verify_and_package_say_what_they_did(reshoring, small):
    count = len(data.tables())
    assert run(reshoring, "verify") == f"{count} tables: hashes, schemas, coverage and declared corrections hold.\n"
    assert run(reshoring, "package") == f"data/datapackage.json written: {count} tables.\n"


def test_verify_of_one_table_looks_at_no_other(reshoring, small):
    data.path("rd_gdp").unlink()
    assert run(reshoring, "verify", "robot_density").startswith("1 table: hashes")
    with pytest.raises(WorkError, match=r"1 failure in 1 table:\n- data/indicators/rd_gdp\.csv is missing"):
        run(reshoring, "verify", "rd_gdp")
    with pytest.raises(InputError, match="Did you mean 'rd_gdp'"):
        run(reshoring, "verify", "rd_gpd")


def test_verify_fails_with_exit_code_one(reshoring, small):
    data.path("robot_density").write_bytes(b"iso3,year\n")
    with pytest.raises(WorkError, match=r"2 failures in \d+ tables:\n- ") as caught:
        run(reshoring, "verify")
    assert caught.value.exit_code == 1


def test_cite_prints_each_reference_once_and_pandoc_can_read_it(reshoring):
    cited = run(reshoring, "cite")
    entries = ENTRY.findall(cited)
    keys = [key for _, key, _ in entries]
    assert len(keys) == len(set(keys)) == cited.count("@")
    assert {"timmer2015wiod", "feenstra2015pwt", "wdi_rd_gdp", "oecd2025icio"} <= set(keys)
    pypandoc = pytest.importorskip("pypandoc")
    publications = [form.PUBLICATION.bibtex for form in FORMATS.values()] + [BACI.bibtex, COMTRADE.bibtex]
    for text in (cited, "\n".join([*publications, ""])):
        read = json.loads(pypandoc.convert_text(text, "csljson", format="bibtex"))
        assert {entry["id"] for entry in read} == {key for _, key, _ in ENTRY.findall(text)}
        assert all(entry["title"] and entry["author"] for entry in read)


def test_cite_of_tables_names_the_vintages(reshoring):
    cited = run(reshoring, "cite", "wiod2016_manufacturing_inputs", "robot_density")
    assert [key for _, key, _ in ENTRY.findall(cited)] == ["ifr2025", "timmer2015wiod"]
    assert "% robot_density: ifr-2025\n@misc{ifr2025," in cited
    with pytest.raises(InputError, match="tables or a run, not both"):
        run(reshoring, "cite", "rd_gdp", "--run", "latest/reshoring")


def test_cite_of_an_ingested_set_names_the_producer(reshoring, small):
    with pytest.raises(InputError, match=r"'trade/baci' is not a known ingested data set\. Allowed: nothing"):
        run(reshoring, "cite", "trade/baci")
    ingested.write_manifest("trade", "baci", BACI.entries("BACI 202401b (HS2012)"))
    assert run(reshoring, "cite", "trade/baci").startswith(
        "% trade/baci: BACI 202401b (HS2012)\n@techreport{gaulier2010"
    )
    with pytest.raises(InputError, match=r"'trade/bacci' is not a known ingested data set\. Did you mean 'trade/baci'"):
        run(reshoring, "cite", "trade/bacci")


def test_the_data_page_tells_the_terms_of_what_is_fetched():
    notebook = Path(__file__).resolve().parents[2] / "notebooks" / "data.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    page = "".join(line for cell in cells for line in cell["source"])
    for publication in (FORMATS["wiod2016"].PUBLICATION, FORMATS["icio"].PUBLICATION, BACI, COMTRADE):
        assert f"[{publication.licence}]({publication.licence_url})" in " ".join(page.split())
    for terms in (tiva.TERMS, updating.ITU):
        licence, _, address = terms.partition(": ")[2].partition(", ")
        assert f"[{licence}]({address.rpartition(' ')[2]})" in page


def test_cite_of_a_run_goes_by_its_manifest(reshoring, small):
    folder = small / "build" / "runs" / "latest" / "reshoring"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"tables": {"robot_density": {}, "rd_gdp": {}}}), encoding="utf-8")
    expected = run(reshoring, "cite", "rd_gdp", "robot_density")
    assert run(reshoring, "cite", "--run", "latest/reshoring") == expected
    assert run(reshoring, "cite", "--run", str(folder)) == expected
    with pytest.raises(InputError, match=r"'latest/drivers' is not a finished run.*Finished runs: latest/reshoring\."):
        run(reshoring, "cite", "--run", "latest/drivers")
    with pytest.raises(InputError, match="'rd_dgp' is not a known table"):
        run(reshoring, "cite", "rd_dgp")
