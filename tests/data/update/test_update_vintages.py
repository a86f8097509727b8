"""Entries are added to hand-written records without touching any other line."""

from difflib import ndiff

import pytest
import yaml
from update_service import ROOT

from helpers.data.update.vintages import place, with_entry

CITATION = {"key": "new2027", "type": "misc", "fields": {"author": "{New}", "title": "A: B"}}
ENTRY = {"note": "As of «2027».", "first": 1996, "last": 2026, "minimum_economies": 1}
RECORDS = sorted((ROOT / "data").glob("*/*.yml"))


@pytest.mark.parametrize("path", RECORDS, ids=[path.stem for path in RECORDS])
@pytest.mark.parametrize("name", ["new-2027", ""], ids=["another producer", "same producer"])
def test_every_record_takes_a_vintage_and_a_reference_and_keeps_its_lines(path, name):
    text = path.read_text()
    old = yaml.safe_load(text)
    names = [vintage["name"] for vintage in old["vintages"]]
    name = name or f"{names[-1]}-9999"
    result = with_entry(text, {"name": name, **ENTRY}, CITATION)
    new = yaml.safe_load(result)
    assert new["vintages"].pop(place(names, name)) == {"name": name, **ENTRY}
    assert new["citations"].pop() == CITATION
    assert new == old
    lines = result.splitlines()
    for first, count in ((f"  - name: {name}", 5), ("  - key: new2027", 5)):
        del lines[lines.index(first) : lines.index(first) + count]
    assert lines == text.splitlines()


def test_comments_and_quotes_of_a_record_stay():
    text = """# whose
name: 'x'  # quoted
vintages:
  - name: a-1  # the first
    note: "b"

# after the list
citations:
  - key: k
    fields:
      title: T
"""
    assert list(ndiff(text.splitlines(), with_entry(text, {"name": "a-2", **ENTRY}, None).splitlines())) == [
        *(f"  {line}" for line in text.splitlines()[:5]),
        *(f"+ {line}" for line in ("  - name: a-2", *(f"    {key}: {value}" for key, value in ENTRY.items()))),
        *(f"  {line}" for line in text.splitlines()[5:]),
    ]


@pytest.mark.parametrize(("vintage", "at"), [("wdi-2027-01-01", 3), ("unsdg-2027", 1), ("oecd-msti-2027-03", 1)])
def test_only_the_default_producer_gives_a_new_default(vintage, at):
    assert place(["unsdg-2020-10", "wdi-2021-09-15", "wdi-2026-07-13"], vintage) == at
