"""The quick way takes only what the careful way takes, and takes it to mean the same."""

import gzip
import re
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helpers import ingested
from helpers.trade.products import engines, quick, row_parser, sources
from helpers.trade.products.ingest import ingest

ECONOMIES = {4: "AFG", 156: "CHN", 410: "KOR", 842: "USA"}
KNOWN = np.isin(np.arange(843), list(ECONOMIES))
PLAIN = "2011,410,156,010121,1.500,2.25"
WHOLE = ["1.500", "0.001", "12", "  7.25", "123456789.123456"]
BROKEN = ["", "NA", "           NA", "1234567890", ".5", "5.", "1e3", "-1", "0.0000015", "1,5", "heavy"]
CELLS = [
    ["2011", "2011", "2012", "02011", "2011.0", "+2011", " 2011", ""],
    ["410", "156", "4", "0410", "999", "-4", "70000", "4.0", "410 "],
    ["410", "156", "842", "00004", "1e2", "99999", "100000"],
    ["010121", "10121", "0101", "0010121", "01012x", " 10121", "999999", "000000"],
    WHOLE + BROKEN,
    WHOLE + BROKEN,
]
amounts = st.decimals(0, 10**9, places=3).map(str)
rows = st.tuples(*(st.sampled_from(cells) | st.sampled_from(cells[:2]) for cells in CELLS)).map(",".join)
importers, numbers = st.sampled_from([4, 156, 842]), st.integers(1, 999_999)
plain = st.builds("2011,410,{},{:06d},{},{}".format, importers, numbers, amounts, amounts)
anything = rows | plain | st.text('0123456789.,- NA"\r', max_size=30)


# A smaller example would not be worth the files that are read on the way to it.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


def parsed(text: str) -> row_parser.Rows | None:
    return row_parser.parse(text.encode(), ",", 2011, KNOWN)


def carefully(folder, lines) -> list[dict]:
    """What the careful way makes of the rows of a file, in their order."""
    path = folder / "BACI_HS12_Y2011_V202401b.csv"
    path.write_bytes("\n".join(["t,i,j,k,v,q", *lines, ""]).encode())
    engine = engines.duckdb(ordered=True)
    file = sources.BaciFile(path, "HS2012", 2011)
    found = engine.to_pyarrow(file.rows(engines.read_text(engine, path), ECONOMIES)).to_pylist()
    engine.disconnect()
    return found


@settings(max_examples=25, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(candidates=st.lists(anything, min_size=30, max_size=60))
def test_whatever_is_taken_is_sound_and_means_the_same(tmp_path, candidates):
    taken = [(line, parsed(line)) for line in candidates if line.strip()]
    taken = [(line, numbers) for line, numbers in taken if numbers is not None and len(numbers.value)]
    careful = carefully(tmp_path, [line for line, _ in taken])
    assert len(careful) == len(taken)
    for (line, numbers), row in zip(taken, careful, strict=True):
        assert row["reason"] is None, line
        assert (row["exporter"], row["importer"]) == (numbers.exporter[0], numbers.importer[0]), line
        assert row["product"] == f"{numbers.product[0]:06d}", line
        assert row["value"] == row["input_value"] == Decimal(int(numbers.value[0])) / 1000, line
        assert row["quantity"] == (None if np.isnan(numbers.quantity[0]) else numbers.quantity[0]), line


@settings(max_examples=200, deadline=None)
@given(plain)
def test_rows_in_the_published_form_are_taken(line):
    numbers = parsed(line)
    *_, value, quantity = line.split(",")
    whole = re.fullmatch(r"\d{1,9}(\.\d+)?", value) and re.fullmatch(r"\d{1,9}(\.\d+)?", quantity)
    assert (numbers is not None) == bool(whole)
    if numbers is not None:
        assert int(numbers.value[0]) == Decimal(value) * 10**6
        assert numbers.quantity[0] == float(quantity)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_last_line_may_end_in_any_way(end):
    numbers = parsed(f"{PLAIN}\n{PLAIN}{end}")
    assert numbers is not None
    assert numbers.value.tolist() == [1_500_000, 1_500_000]


@pytest.mark.parametrize(
    "text", ["\n", f"{PLAIN}\n\n", f"{PLAIN}\n2011,410", f"{PLAIN} x\n", "2011,410,156,010121,1.5", PLAIN + ",1"]
)
def test_a_line_that_is_cut_or_goes_on_is_left_to_the_careful_way(text):
    assert parsed(text) is None


def test_neighbours_are_added_up_and_no_sum_overflows():
    most = 10**15 - 1
    rows = row_parser.Rows(
        np.repeat(np.int32([410, 410, 4]), [20_000, 2, 1]),
        np.repeat(np.int32([156, 842, 156]), [20_000, 2, 1]),
        np.int32([11111] * 20_000 + [11111, 22222, 11111]),
        np.full(20_003, most),
        np.zeros(20_003),
    )
    class_of = np.zeros(1_000_000, np.int8)
    class_of[22222] = 3
    added = row_parser.add_neighbours(rows, class_of)
    assert added.value.min() > 0
    assert sum(added.value.tolist()) == 20_003 * most
    table = pd.DataFrame(added._asdict()).astype({"value": object})
    sums = table.groupby(["exporter", "importer", "end_use_number"])["value"].sum().to_dict()
    assert sums == {
        (410, 156, 0): 20_000 * most, (410, 842, 0): most, (410, 842, 3): most, (4, 156, 0): most
    }  # fmt: skip
    assert added.value.max() < 10**18
    assert len(added.value) < 30


def summed(release) -> pd.DataFrame | None:
    engine = engines.duckdb()
    found = quick.sums(engine, sources.baci(release))
    return None if found is None else engine.to_pyarrow(found.order_by(quick.KEYS)).to_pandas()


def test_blocks_of_any_size_give_the_same(release, monkeypatch):
    whole = summed(release)
    monkeypatch.setattr(quick, "BLOCK", 100)
    pd.testing.assert_frame_equal(summed(release), whole)


def rewritten(change):
    """Change the text of a release's first file."""

    def on(release):
        path = sorted(release.glob("BACI_*"))[0]
        path.write_bytes(change(path.read_bytes()))
        return path

    return on


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b",", b"\t"),
    ],
    ids=["carriage returns", "byte order mark", "tabs"],
)
def test_other_ways_to_write_a_file_give_the_same(release, change):
    before = summed(release)
    rewritten(change)(release)
    pd.testing.assert_frame_equal(summed(release), before)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"i,t,j,k,v,q\n" + text.partition(b"\n")[2],
        lambda text: text + b"\n",
        lambda text: text.replace(b"2011,", b'"2011",'),
        lambda text: text.replace(b"\n", b"\r"),
    ],
    ids=["columns in another order", "an empty line", "quotes", "carriage returns only"],
)
def test_what_is_not_in_the_published_form_is_left_to_the_careful_way(release, change):
    rewritten(change)(release)
    assert summed(release) is None


def test_a_packed_file_that_was_cut_short_is_left_to_the_careful_way(release):
    path = sorted(release.glob("BACI_*"))[0]
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    path.with_name(f"{path.name}.gz").write_bytes(packed[: len(packed) // 2])
    assert summed(release) is None


def stored(name) -> tuple[dict, pd.DataFrame]:
    """The manifest's files, dollars as numbers, and all rows in their order."""
    manifest = ingested.manifest("trade", name)["files"]
    for entry in manifest.values():
        entry["dollars"] = {kind: Decimal(written) for kind, written in entry["dollars"].items()}
    parts = [part["file"] for entry in manifest.values() for part in entry["parts"]]
    tables = [pq.read_table(ingested.folder("trade", name) / part).to_pandas() for part in parts]
    rows = pd.concat(tables)
    return manifest, rows.sort_values(["year", "exporter", "importer", "product"], ignore_index=True)


@pytest.mark.parametrize("packed", [False, True])
def test_ingestion_stores_the_same_on_both_ways(release, packed, monkeypatch):
    path = sorted(release.glob("BACI_*"))[0]
    with path.open("a") as handle:
        handle.write("2011,410,842,999999,0.001,           NA\n")
    if packed:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()
    with monkeypatch.context() as patch:
        # The careful way must not be needed.
        patch.setattr("helpers.trade.products.ingest._Reading._run_carefully", None)
        ingest(release, "baci", "quickly")
    monkeypatch.setattr(quick, "parse", lambda *_: None)
    ingest(release, "baci", "carefully")
    (entries, rows), (careful_entries, careful_rows) = stored("quickly"), stored("carefully")
    assert entries == careful_entries
    pd.testing.assert_frame_equal(rows, careful_rows)
    folders = [ingested.folder("trade", name) for name in ("quickly", "carefully")]
    assert len({tuple(sorted(path.name for path in folder.iterdir())) for folder in folders}) == 1


def test_without_a_place_for_what_was_compiled_it_is_compiled_each_time(monkeypatch):
    compiled = []

    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        compiled.append(options)
        return partial(lambda function: function)

    monkeypatch.setattr(row_parser.numba, "njit", njit)
    assert row_parser._compiled(abs) is abs
    assert len(compiled) == 1
