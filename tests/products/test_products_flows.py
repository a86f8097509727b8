"""Flows by end use: against pandas, across HS editions, ingested or straight from files."""

import gzip

import pandas as pd
import pytest
from baci_files import first_file, trade

from helpers import data, ingested
from helpers.errors import InputError, WorkError
from helpers.trade import products
from helpers.trade.products import end_use
from helpers.trade.products.end_use_flows import write_flows
from helpers.trade.products.ingest import ingest


def by_pandas(release):
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
    before = out.read_bytes()
    trade("flows", release, "--out", out)
    assert out.read_bytes() == before
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
    ("change", "reason"),
    [
        (lambda text: text + b"2011,410,410,010121,1.000,1.0\n", r"line 2,002: exporter and importer are the same"),
        (lambda text: text + b'2011,410,842,"010121,1.000,1.0\n', "line 2,002: another number of cells"),
        (lambda text: text + text.splitlines(keepends=True)[7], "line 2,002: repeats an earlier row of the same flow"),
        (lambda text: gzip.compress(text)[:200], "cannot be read to its end"),
    ],
    ids=["an unsound row", "an open quote", "a repeated row", "cut short"],
)
def test_flows_of_files_that_are_not_sound_throughout_are_not_written(release, tmp_path, change, reason):
    path, out = first_file(release), tmp_path / "flows.csv"
    out.write_text("mine\n")
    changed = change(path.read_bytes())
    path.unlink()
    path.with_name(path.name + ".gz" * changed.startswith(b"\x1f")).write_bytes(changed)
    with pytest.raises(WorkError, match=reason):
        write_flows(release, out)
    assert out.read_text() == "mine\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["baci", "flows.csv", "project"]


def test_files_without_a_row_have_no_flows(release, tmp_path):
    for path in release.glob("BACI_*"):
        path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(WorkError, match="hold no row"):
        write_flows(release, tmp_path / "flows.csv")


# Sound rows that a reader of numbers could get wrong.
UNUSUAL = [
    "2011,410,156,10121,1.000,1.0",
    "2011,410,156,010129,1.000,           NA",
    "2011,410,156,010130,0.0000015,NA",
    "2011,410,156,010190,999999999.999,1.0",
    '"2011","410","156","010221","1.000","1.0"',
    "2011, 410, 156,010229, 1.000,     1.0",
]


@pytest.mark.parametrize("packed", [False, True])
def test_flows_of_files_with_unusual_rows_equal_those_ingested(release, tmp_path, packed):
    path = first_file(release)
    path.write_text("\n".join([*path.read_text().splitlines()[:200], *UNUSUAL]) + "\n")
    if packed:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    write_flows(release, tmp_path / "flows.parquet")
    ingest(release, "baci")
    assert not len(products.quarantine())
    written = pd.read_parquet(tmp_path / "flows.parquet").drop(columns="generated")
    assert written["value"].sum() == products.totals()["kept"]
    pd.testing.assert_frame_equal(in_order(written), products.flows(), check_dtype=False, rtol=1e-12)


def in_order(found):
    found["value"] = found["value"].astype(float) / 1e6
    found = found.astype({"exporter": "str", "importer": "str", "end_use": "str", "year": "int64"})
    return found.sort_values(["exporter", "importer", "year", "end_use"], ignore_index=True)


def test_asking_before_ingesting_says_what_to_do(root):
    with pytest.raises(InputError, match="Ingest some first: reshoring trade ingest FOLDER --format baci"):
        products.flows()
