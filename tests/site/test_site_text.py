"""Text from data, records, claims, scenarios, sweeps, parameters and errors is text on every page, and runs nothing."""

from types import SimpleNamespace

import pandas as pd
import pypandoc
import pytest
import site_example as example
from lxml import html
from pydantic import ValidationError

from helpers import context, data, report
from helpers.claims import ledger
from helpers.claims.model import Claim
from helpers.claims.verdict import Facts
from helpers.data.records import TableMetadata
from helpers.report import entries
from helpers.report.figures import source_line
from helpers.report.inline import as_markdown
from helpers.report.tables import table_html
from helpers.runner.notebooks import Scenario
from helpers.site import render, stage

#: What could be markup in HTML, Markdown, Quarto's shortcodes, or end the block that holds it.
HOSTILE = """</title><script>ran()</script></main> <img src=x onerror=ran()> [a](javascript:ran()) [b]{onclick=ran()}
``` "

{{< include /etc/passwd >}} {{< env HOME >}} @kita2021 [@kita2021] @fig-heights $x^2$ *c* `{python} 1` `d` <!-- ---
:::
# e &amp; ~~~ ``````"""
ONE_LINE = " ".join(HOSTILE.split())


def described(run):
    """The same run of a scenario, with parameters and a variant, that are called so."""
    scenario = Scenario(run.scenario.name, HOSTILE, HOSTILE)
    told = {"scenario": scenario, "scenarios": [scenario], "parameters": {"group": [HOSTILE], "mapped": {"x": HOSTILE}}}
    told |= {"ingested": {"x/y": {"title": HOSTILE}}, "metrics": run.metrics | {"name": HOSTILE}}
    return SimpleNamespace(**(vars(run) | told))


def claim():
    fields = dict.fromkeys(("title", "paraphrase", "place", "would_test", "caveat", "no_alternatives"), HOSTILE)
    found = Claim.model_validate(
        fields | {"id": "x", "question": "drivers", "history": [{"date": "2026-11-23", "reason": HOSTILE}]}
    )
    return ledger.details(ledger.assess([found], Facts({}, {}), {})[0], report.escaped)


def record():
    real = data.metadata("rd_gdp")
    texts = dict.fromkeys(("title", "description", "producer", "series_code", "unit", "definition", "terms"), HOSTILE)
    texts |= {
        "licence": HOSTILE,
        "problems": [HOSTILE],
        "vintages": [real.vintages[0].model_copy(update={"note": HOSTILE})],
    }
    citation = real.citations[0].model_copy(update={"fields": {"title": HOSTILE, "author": HOSTILE}})
    return real.model_copy(update=texts | {"citations": [citation]})


def told(folder):
    """Everything that a page can say of data, records, claims and other runs, as cells of an executed notebook."""
    other = dict.fromkeys(("title", "description", "scenario_title"), HOSTILE)
    parameter = dict.fromkeys(("name", "meaning", "default", "allowed"), HOSTILE)
    run = {
        "needs": {"latest/x": str(folder)},
        "sections": [{"section": "x", "title": HOSTILE, "parameters": [parameter]}],
    }
    run |= {"runs": {"latest/x": {"section": "x", "scenario": "latest", "variant": "", "order": 1, **other}}}
    (folder / "metrics.json").write_text('{"generated": true}')
    with context.point(run | {"published": True}):
        frame = pd.DataFrame({HOSTILE: [HOSTILE], "flag": [HOSTILE], "number": [report.link(HOSTILE, "#x")]})
        shown = frame.assign(mark=[report.detailed(report.mark(HOSTILE), HOSTILE)]).set_index(HOSTILE)
        line = source_line([], n=HOSTILE, note=HOSTILE, flags=[HOSTILE])
        prose = [
            f"**{as_markdown(HOSTILE)}** {as_markdown(report.listing([HOSTILE, report.link(HOSTILE, '#x')]))}",
            report.tally({HOSTILE: 1}),
            report.generated_note(),
            report.other_sections([]),
            report.parameter_entries(),
            report.data_entries(),
            claim(),
        ]
        tables = [table_html(shown, formats={"number": str}), table_html(report.data_tables())]
    html_of = [example.displayed("text/html", content) for content in tables]
    cells = [example.cell("markdown", f"prose-{n}", text) for n, text in enumerate(prose)]
    options = '#| label: tbl-{0}\n#| tbl-cap: "All"\nx'
    cells += [example.cell("code", f"tbl-{n}", options.format(n), [output]) for n, output in enumerate(html_of)]
    return [
        *cells,
        example.cell("code", "line", "x", [example.displayed("text/markdown", as_markdown(line))]),
    ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A project whose every text is hostile, with its runs."""
    root, left = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("left")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(entries, "_records", lambda: [record()])
        cells = told(left)
    _, *others = example.write_project(root)
    index = example.finished_run(root, "index", made=example.notebook("What was found", *cells))
    variant = example.finished_run(root, "economy", made=example.notebook("Economy"), at_root=False)
    (root / "notebooks" / "economy.ipynb").write_text("{}")
    variant.variant, variant.section.for_each = "KOR", SimpleNamespace(label="name")
    return root, [described(run) for run in (index, *others, variant)]


def assert_text(page, least):
    """Hold that a page shows the text letter by letter, and that none of it became anything else."""
    tree = html.fromstring(page)
    assert not [found for found in tree.xpath("//script") if "ran()" in (found.text or "")]
    assert not [found for found in tree.xpath("//@*") if found.attrname.startswith("on") and "ran" in found]
    assert not tree.xpath("//*[starts-with(@href, 'javascript') or @src='x'] | //h1[.='e & ~~~']")
    assert "root:x:0:0" not in page
    for line_break in tree.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"
    # CSL-JSON writes breaks and quotes in its own way; smalldocs draws dashes together, whatever they are written as.
    shown = tree.text_content().replace("\\n", " ").replace('\\"', '"').replace("—", "---").replace("–", "--")
    words = " ".join(shown.split())
    assert words.count(ONE_LINE) == words.count("/etc/passwd") >= least


def test_hostile_text_is_text_on_every_page_of_smalldocs(hostile):
    root, runs = hostile
    site = render.render(root, runs, "smalldocs")
    for name, least in {"index": 30, "build/pages/latest/economy/KOR": 6, "build/pages/latest/economy": 2}.items():
        assert_text((site / f"{name}.html").read_text(encoding="utf-8"), least)


def test_hostile_text_is_text_in_what_quarto_reads(hostile):
    _, runs = hostile
    for name, notebook in stage.staged_pages(runs).items():
        front, *cells = notebook["cells"]
        assert not [mark for mark in ("{{<", "<script") if mark in "".join(front["source"])], name
        parts = []
        for cell in cells:
            parts += [cell["source"], *(one["data"].get("text/markdown", "") for one in cell.get("outputs", []))]
        written = "\n\n".join("".join(lines) for lines in parts)
        assert "{{<" not in written, name
        assert_text(pypandoc.convert_text(written, "html", format="markdown", extra_args=["--citeproc"]), 0)


@pytest.mark.parametrize("address", ["javascript:ran()", "data:text/html,x", "//example.org", "file:///etc/passwd", ""])
def test_a_record_may_lead_to_http_addresses_only(address):
    real = data.metadata("rd_gdp").model_dump()
    for name in ("url", "licence_url"):
        with pytest.raises(ValidationError, match=name):
            TableMetadata.model_validate(real | {name: address})
