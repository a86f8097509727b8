"""The reader: a block read at once and one read line by line give the same, however a file is written."""

import gzip
from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ingested
from helpers.errors import InputError, WorkError
from helpers.trade import products
from helpers.trade.products import reading, sources
from helpers.trade.products.ingest import ingest

KNOWN = np.isin(np.arange(reading.ECONOMIES), [4, 156, 410, 842])
FILE = sources.BaciFile(None, 2012, 2011)
AMOUNTS = ["1.500", "0.001", "12", "  7.25", "123456789.123456", ".5", "5.", "1e3", "+1", "-1", "0.0000015"]
BROKEN = ["", "NA", "           NA", "1234567890", "1e300", "1e-7", "1,5", "heavy", "0x10", "1_0", "nan", "-inf", "1 0"]
CELLS = [
    ["2011", "2011", "2012", "02011", "2011.0", "+2011", " 2011", "", "70000", "2010.6"],
    ["410", "156", "4", "0410", "999", "-4", "70000", "4.0", "410 ", "4294967706", "0x19a"],
    ["410", "156", "842", "00004", "1e2", "99999", "100000", "841.6"],
    ["010121", "10121", "0101", "0010121", "01012x", " 10121", "999999", "000000", "8542.0", "8.5E+5", "-85423"],
    AMOUNTS + BROKEN,
    AMOUNTS + BROKEN,
]
plain = st.tuples(*(st.sampled_from(cells[:2]) for cells in CELLS)).map(",".join)
rows = st.tuples(*(st.sampled_from(cells) | st.sampled_from(cells[:2]) for cells in CELLS)).map(",".join)
anything = plain | rows | st.text('0123456789.,- NA"\r', max_size=30)


def block(lines):
    text = "\n".join(lines).encode()
    return reading.Lines(FILE, list("tijkvq"), ",", 2, text, len(lines))


@settings(max_examples=100, deadline=None)
@given(st.lists(plain | rows, min_size=1, max_size=3))
def test_what_fits_its_types_means_the_same_line_by_line(lines):
    at_once = reading._read_block(block(lines), KNOWN)
    with patch.object(reading, "_typed", return_value=None):
        by_line = reading._read_block(block(lines), KNOWN)
    assert at_once.rows.equals(by_line.rows)
    assert at_once.apart.equals(by_line.apart)


@settings(max_examples=50, deadline=None)
@given(st.lists(anything, min_size=1, max_size=20))
def test_every_line_counts_or_is_set_apart(lines):
    found = reading._read_block(block(lines), KNOWN)
    numbers = found.rows["line"].to_pylist() + found.apart["line"].to_pylist()
    assert sorted(numbers) == [number for number, line in enumerate(lines, 2) if line.strip()]
    assert found.apart["line"].to_pylist() == sorted(found.apart["line"].to_pylist())
    assert all(reason for reason in found.apart["reason"].to_pylist())


@pytest.mark.parametrize(
    ("cell", "dollars"),
    [("1e3", "1000000"), (".5", "500"), ("5.", "5000"), ("  7.25", "7250"), ("0.0000015", "0.002"), ("1e9", None)],
)
def test_values_are_exact_or_set_apart(cell, dollars):
    found = reading._read_block(block([f"2011,410,156,010121,{cell},1"]), KNOWN)
    assert found.rows["value"].to_pylist() == ([Decimal(dollars)] if dollars else [])


def content(release, name="baci"):
    """Ingest a release: the Parquet files of its rows, and what was set apart."""
    ingest(release, "baci", name)
    paths = sorted(ingested.folder("trade", name).glob("HS*.parquet"))
    return [path.read_bytes() for path in paths], products.quarantine(name)[["line", "reason"]].to_numpy().tolist()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b",", b"\t"),
        lambda text: text.replace(b"2011,", b'"2011",'),
        lambda text: text.rstrip(b"\n"),
        lambda text: gzip.compress(text),
        lambda text: b"i,t,j,k,v,q\n" + b"\n".join(swapped(line) for line in text.splitlines()[1:]),
    ],
    ids=["CRLF", "carriage returns only", "byte order mark", "tabs", "quotes", "no last end", "packed", "column order"],
)
def test_other_ways_to_write_a_file_give_the_same_bytes(release, change):
    before = content(release)
    path = sorted(release.glob("BACI_*"))[0]
    changed = change(path.read_bytes())
    path.unlink()
    path.with_name(path.name + ".gz" * changed.startswith(b"\x1f")).write_bytes(changed)
    after = content(release, "changed")
    assert after == before


def swapped(line):
    t, i, *rest = line.split(b",")
    return b",".join([i, t, *rest])


def test_blocks_of_any_size_give_the_same(release, monkeypatch):
    path = sorted(release.glob("BACI_*"))[0]
    path.write_text(path.read_text() + "\n2011,410,410,010121,1.000,1.0\n2011,410\n")
    before = content(release)
    monkeypatch.setattr(reading, "BLOCK", 100)
    assert content(release, "small") == before
    assert [line for line, _ in before[1]] == [2003, 2004]


@pytest.mark.parametrize(
    ("header", "words"),
    [("t,i,j,k,v,v", "column q missing"), ("t,i,j,k,v,q,v", "column v stands there twice"), ("t;i;j;k;v;q", "missing")],
)
def test_headers_that_do_not_name_each_column_once_are_refused(release, header, words):
    path = sorted(release.glob("BACI_*"))[0]
    path.write_text("\n".join([header, *path.read_text().splitlines()[1:]]))
    with pytest.raises(InputError, match=words):
        ingest(release, "baci")


@pytest.mark.parametrize("start", [b"", b"t,i,j,k,v,q\n"], ids=["head", "line"])
def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch, start):
    monkeypatch.setattr(reading, "BLOCK", 1000)
    path = tmp_path / "BACI_HS12_Y2020_V202401b.csv.gz"
    path.write_bytes(gzip.compress(start + b"0" * 50_000))
    with pytest.raises(WorkError, match=r"csv\.gz: a line does not end within 1,000 bytes"):
        list(reading._blocks([SimpleNamespace(path=path)]))
