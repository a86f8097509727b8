"""Flows by end use: against pandas, across HS editions, and the same on Spark."""

import gzip
import os
import shutil

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from helpers import data, ingested
from helpers.errors import InputError, WorkError
from helpers.trade import products
from helpers.trade.products import commands, end_use, end_use_flows, sources
from helpers.trade.products.end_use_flows import write_flows
from helpers.trade.products.ingest import ingest


def by_pandas(release) -> pd.DataFrame:
    """The same flows by pandas, from the files."""
    rows = pd.concat([pd.read_csv(path, dtype={"k": "str"}) for path in release.glob("BACI_*")])
    concordance = data.load("hs6_bec4").query("hs_edition == 'HS2012'")[["hs6", "bec4"]]
    joined = rows.merge(concordance, left_on="k", right_on="hs6", how="left")
    joined["end_use"] = [end_use.class_of(b) if isinstance(b, str) else "unmatched" for b in joined["bec4"]]
    codes = pd.read_csv(next(release.glob("country_codes*"))).set_index("country_code")["country_iso3"]
    for column in "ij":
        joined[column] = joined[column].map(codes).replace({"S19": "TWN"})
    grouped = joined.groupby(["i", "j", "t", "end_use"], as_index=False)["v"].sum()
    grouped.columns = ["exporter", "importer", "year", "end_use", "value"]
    grouped["value"] /= 1000
    return grouped.sort_values(["exporter", "importer", "year", "end_use"], ignore_index=True)


def test_flows_equal_those_of_pandas(release):
    ingest(release, "baci")
    pd.testing.assert_frame_equal(products.flows(), by_pandas(release), check_dtype=False, rtol=1e-12)


def test_flows_can_be_narrowed(release):
    ingest(release, "baci")
    whole = products.flows()
    some = products.flows(years=[2012], exporters=["KOR"], importers=["CHN", "VNM"])
    expected = whole.query("year == 2012 and exporter == 'KOR' and importer in ['CHN', 'VNM']").reset_index(drop=True)
    pd.testing.assert_frame_equal(some, expected)
    with pytest.raises(InputError, match=r"holds no trade of 2013\. It holds 2011, 2012"):
        products.flows(years=[2013])
    with pytest.raises(InputError, match=r"'KRO' is not a known economy of the ingested trade\. Did you mean 'KOR'"):
        products.flows(exporters=["KRO"])


def test_columns_are_those_of_the_embedded_table(release):
    ingest(release, "baci")
    wide = products.bilateral_by_end_use(exporters=["KOR"])
    embedded = data.load("wiod2013_bilateral_by_end_use")
    assert [column for column in wide.columns if column != "other"] == [c for c in embedded.columns if c != "flag"]
    long = products.flows(exporters=["KOR"])
    assert wide[["intermediate", "final", "other"]].to_numpy().sum() == pytest.approx(long["value"].sum())
    intermediate = long.loc[long["end_use"] == "intermediate", "value"].sum()
    assert wide["intermediate"].sum() == pytest.approx(intermediate)
    assert wide.attrs["generated"] is True


def test_products_without_a_class_are_counted_with_their_value(release):
    ingest(release, "baci")
    missing = products.unmatched()
    assert sorted(missing["product"]) == ["980000", "980001"]
    read = pd.concat([pd.read_csv(path, dtype={"k": "str"}) for path in release.glob("BACI_*")])
    lost = read[read["k"].isin(missing["product"])]
    assert missing["rows"].sum() == len(lost)
    assert missing["value"].sum() == pytest.approx(lost["v"].sum() / 1000)
    flows = products.flows()
    assert flows.loc[flows["end_use"] == "unmatched", "value"].sum() == pytest.approx(missing["value"].sum())


def test_a_mixture_of_editions_is_classified_edition_by_edition(release):
    changed = "853710"  # the same code, looked up in the edition of each file
    path = sorted(release.glob("BACI_*"))[1]
    path.rename(path.with_name(path.name.replace("HS12", "HS22")))
    ingest(release, "baci")
    frame = products.flows()
    assert frame.attrs["editions"] == ["HS2012", "HS2022"]
    assert frame["value"].sum() == pytest.approx(float(products.totals()["kept"]) / 1e6)
    for edition in ("HS2012", "HS2022"):
        assert changed in set(end_use.classes_of(edition)["product"])


def test_every_category_of_the_concordance_has_a_class():
    categories = data.load("hs6_bec4")["bec4"].unique()
    assert {end_use.class_of(category) for category in categories} == set(end_use.CLASSES)
    with pytest.raises(InputError, match="not a known category"):
        end_use.class_of("9")


def test_flows_straight_from_files_equal_those_ingested(release):
    path = sorted(release.glob("BACI_*"))[0]
    with path.open("a") as handle:
        handle.write("2011,410,410,010121,1.000,1.0\n2011,410,156\n")
    ingest(release, "baci")
    pd.testing.assert_frame_equal(straight(engines.duckdb(), release), products.flows(), check_dtype=False)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_command_writes_the_flows_of_files(release, tmp_path, suffix):
    out = tmp_path / f"flows.{suffix}"
    result = trade("flows", release, "--out", out)
    assert result.exit_code == 0, result.output
    written = (pd.read_csv if suffix == "csv" else pd.read_parquet)(out)
    assert f"{len(written):,} flows" in result.output
    assert "generated, not published" in result.output
    assert written.pop("generated").all()
    ingest(release, "baci")
    pd.testing.assert_frame_equal(in_order(written), products.flows(), check_dtype=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["baci", out.name, "project"]
    (release / ingested.MARKER).unlink()
    assert "generated" not in trade("flows", release, "--out", out).output
    assert "generated" not in out.read_bytes().decode(errors="replace")


def test_the_command_refuses_names_and_places_it_cannot_write_to(release, tmp_path):
    with pytest.raises(InputError, match=r"neither \.csv nor \.parquet"):
        write_flows(release, tmp_path / "flows.xlsx")
    with pytest.raises(InputError, match=r"no folder .*nowhere"):
        write_flows(release, tmp_path / "nowhere" / "flows.csv")
    (tmp_path / "flows.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write_flows(release, tmp_path / "flows.csv")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + b"2011,410,410,010121,1.000,1.0\n",
        lambda text: text + b'2011,410,842,"010121,1.000,1.0\n',
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: gzip.compress(text)[:200],
    ],
    ids=["an unsound row", "an open quote", "carriage returns only", "cut short"],
)
def test_flows_of_files_that_are_not_sound_throughout_are_not_written(release, tmp_path, change):
    path, out = sorted(release.glob("BACI_*"))[0], tmp_path / "flows.csv"
    out.write_text("mine\n")
    changed = change(path.read_bytes())
    path.unlink()
    path.with_name(path.name + ".gz" * changed.startswith(b"\x1f")).write_bytes(changed)
    with pytest.raises(WorkError, match=r"nothing was written.*trade ingest"):
        write_flows(release, out)
    assert out.read_text() == "mine\n"


def test_files_without_a_row_have_no_flows(release, tmp_path):
    for path in release.glob("BACI_*"):
        path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(WorkError, match="hold no row"):
        write_flows(release, tmp_path / "flows.csv")


def trade(*arguments):
    app = typer.Typer()
    commands.add_to(app)
    return CliRunner().invoke(app, ["trade", *map(str, arguments)])


UNSOUND = [
    "2012,410,156,010121,1.000,1.0",
    "soon,410,156,010121,1.000,1.0",
    "2011,999,156,010121,1.000,1.0",
    "2011,410,,010121,1.000,1.0",
    "2011,410,410,010121,1.000,1.0",
    "2011,410,156,0101,1.000,1.0",
    "2011,410,156,01x121,1.000,1.0",
    "2011,410,156,,1.000,1.0",
    "2011,410,156,010121,much,1.0",
    "2011,410,156,010121,,1.0",
    "2011,410,156,010121,-7.500,1.0",
    "2011,410,156,010121,1.000,heavy",
    "2011,410,156,010121",
    "2011,410,156,010121,1.000,1.0,extra",
    "2011,410,156,1000000,1.000,1.0",
    "2011,410,156,010121,nan,1.0",
    "2011,410,156,010121,inf,1.0",
    "2011,410,156,010121,1e300,1.0",
    "2011,410,156,010121,1000000000,1.0",
    "2011,410,156,010121,1.000,-1.0",
]
# Sound rows that a reader of numbers could get wrong.
UNUSUAL = [
    "2011,410,156,10121,1.000,1.0",
    "2011,410,156,010121,1.000,           NA",
    "2011,410,156,010121,0.0000015,NA",
    "2011,410,156,010121,999999999.999,1.0",
    '"2011","410","156","010121","1.000","1.0"',
    "2011, 410, 156,010121, 1.000,     1.0",
]


def test_the_quick_way_gives_the_same_sums_to_the_last_dollar(release):
    ingest(release, "baci")
    engine = engines.duckdb()
    summed = quick.sums(engine, sources.baci(release))
    assert summed is not None
    assert engine.to_pyarrow(summed.value.sum()).as_py() == products.totals()["kept"]


@pytest.mark.parametrize("row", UNSOUND)
def test_the_quick_way_sees_every_row_that_is_not_sound(release, row):
    path = sorted(release.glob("BACI_*"))[0]
    path.write_text("\n".join([*path.read_text().splitlines()[:200], row]) + "\n")
    assert quick.sums(engines.duckdb(), sources.baci(release)) is None


@pytest.mark.parametrize("row", UNUSUAL)
@pytest.mark.parametrize("packed", [False, True])
def test_unusual_rows_count_the_same_on_both_ways(release, row, packed, monkeypatch):
    path = sorted(release.glob("BACI_*"))[0]
    path.write_text("\n".join([*path.read_text().splitlines()[:200], row]) + "\n")
    if packed:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    found = straight(engines.duckdb(), release)
    monkeypatch.setattr(quick, "sums", lambda engine, source: None)
    pd.testing.assert_frame_equal(found, straight(engines.duckdb(), release), rtol=0)


def straight(engine, release) -> pd.DataFrame:
    """Flows straight from files in an engine, in the form of `products.flows`."""
    found = engine.to_pyarrow(end_use_flows.flows_of_files(engine, sources.baci(release))).to_pandas()
    return in_order(found)


def in_order(found: pd.DataFrame) -> pd.DataFrame:
    found["value"] = found["value"].astype(float) / 1e6
    found = found.astype({"exporter": "str", "importer": "str", "end_use": "str", "year": "int64"})
    return found.sort_values(["exporter", "importer", "year", "end_use"], ignore_index=True)


def test_asking_before_ingesting_says_what_to_do(root):
    with pytest.raises(InputError, match="Ingest some first: reshoring trade ingest FOLDER --format baci"):
        products.flows()


@pytest.fixture(scope="module")
def spark():
    """A Spark on this machine; skipped where PySpark or Java is not installed, unless the environment asks for it."""
    if not os.environ.get("RESHORING_TEST_SPARK"):
        pytest.importorskip("pyspark", reason="Spark is not installed: make spark")
        if shutil.which("java") is None:
            pytest.skip("Java is not installed")
    engine = engines.spark()
    yield engine
    engine.disconnect()


def test_spark_gives_the_same_table_from_parquet_and_from_text(release, spark):
    ingest(release, "baci")
    expected = products.flows()
    manifest = ingested.manifest("trade", "baci")
    parts = [part for entry in manifest["files"].values() for part in entry["parts"]]
    place = ingested.folder("trade", "baci")
    rows = engines.read_parts(spark, [place / part["file"] for part in parts])
    economies = {int(code): iso3 for code, iso3 in manifest["economies"].items()}
    found = spark.to_pyarrow(end_use_flows.flows_expression({"HS2012": rows}, economies)).to_pandas()
    pd.testing.assert_frame_equal(in_order(found), expected, check_dtype=False, rtol=1e-12)
    with sorted(release.glob("BACI_*"))[0].open("a") as handle:
        handle.write("2011,410,410,010121,1.000,1.0\n2011,410,156\nsoon,410,156,010121,much,1\n")
    pd.testing.assert_frame_equal(straight(spark, release), expected, check_dtype=False, rtol=1e-12)


def test_spark_that_is_not_installed_says_what_to_do(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(InputError, match="needs the extra `spark`"):
        engines.spark()
