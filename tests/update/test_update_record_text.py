"""Entries are added to hand-written records without touching any other line."""

import pytest
import yaml
from update_service import ROOT

from helpers.data.update.record_text import with_entry
from helpers.errors import WorkError

ENTRY = {"name": "new-2027", "note": "As of 2027: «new».", "first": 1996, "last": 2026, "minimum_economies": 150}
CITATION = {"key": "new2027", "type": "misc", "fields": {"author": "{New}", "title": "A: B"}}
RECORDS = sorted((ROOT / "data").glob("*/*.yml"))


@pytest.mark.parametrize("path", RECORDS, ids=[path.stem for path in RECORDS])
@pytest.mark.parametrize("first", [False, True])
def test_every_record_takes_a_vintage_and_keeps_its_lines(path, first):
    text = path.read_text()
    names = [vintage["name"] for vintage in yaml.safe_load(text)["vintages"]]
    result = with_entry(text, "vintages", ENTRY, names[0] if first else None)
    expected = [ENTRY["name"], *names] if first else [*names, ENTRY["name"]]
    assert [vintage["name"] for vintage in yaml.safe_load(result)["vintages"]] == expected
    lines, start = result.splitlines(), result.splitlines().index("  - name: new-2027")
    assert lines[:start] + lines[start + 5 :] == text.splitlines()


@pytest.mark.parametrize("path", RECORDS, ids=[path.stem for path in RECORDS])
def test_every_record_takes_a_reference(path):
    text = path.read_text()
    result = yaml.safe_load(with_entry(text, "citations", CITATION))
    assert result["citations"][-1] == CITATION
    assert {**result, "citations": result["citations"][:-1]} == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["vintages: [{name: a}]\n", "name: x\n"])
def test_records_written_otherwise_are_left_to_a_person(text):
    with pytest.raises(WorkError, match="add the entry by hand"):
        with_entry(text, "vintages", ENTRY)
