"""A chart on a page of its own, as a reader meets it: hover, choice, address, dark, and where no script runs."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from helpers.report import charts
from helpers.report.figures import colours, drawn
from helpers.site import stage
from helpers.site.notebook_page import ROWS_WITHIN, _drawing, rows_beside
from helpers.site.stage import chart_script

ROOT = Path(__file__).resolve().parents[2]
COLOURS = {"Korea": "#D55E00", "United States": "#0072B2", "A <b>bold</b> land": "#009E73"}
POLICY = "script-src 'self' file:; object-src 'none'; base-uri 'none'"
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}"><title>Charts</title>
<link rel="stylesheet" href="assets/site.css"></head><body><main>
<div id="fig-content" class="quarto-float"><figure>{chart}<figcaption>Figure 1: Content</figcaption></figure></div>
</main><script src="assets/charts.js"></script></body></html>"""


def chart_with_rows_beside(place, spec):
    """The HTML of a chart, whose long rows are written where the page looks for them."""
    import vl_convert

    for _, key, rows in rows_beside(spec):
        path = place / "build" / "assets" / "rows" / f"{key}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(stage.rows_script(key, rows), encoding="utf-8")
    shown = {charts.MIME: spec, "image/svg+xml": drawn(vl_convert.vegalite_to_svg(spec), "content")}
    return _drawing(shown, "Foreign content")


def frame():
    """Two economies with values in all years, and one that has none before 2010."""
    rows = [("Korea", year, 30.0 + year % 7) for year in range(2000, 2021)]
    rows += [("United States", year, 12.0 + year % 5) for year in range(2000, 2021)]
    rows += [("A <b>bold</b> land", year, 22.0) for year in range(2010, 2021)]
    return pd.DataFrame(rows, columns=["series", "year", "value"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A site of one page with one chart."""
    place = tmp_path_factory.mktemp("charts")
    shutil.copytree(ROOT / "assets", place / "assets")
    (place / "build" / "assets").mkdir(parents=True)
    (place / "build" / "assets" / "vega_bundle.js").write_text(chart_script(place), encoding="utf-8")
    made = charts.lines(frame(), "percent", COLOURS, shown=["Korea", "United States"], marks={2011: "2011: turn"})
    spec = charts.specification(made, "content")
    page = PAGE.format(policy=POLICY, chart=chart_with_rows_beside(place, spec))
    (place / "index.html").write_text(page, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def address(folder, serve):
    """The page on the loopback interface."""
    return serve(folder) + "index.html"


@pytest.fixture
def visit(browser, address):
    """Open the page; afterwards no script may have failed."""
    troubles, contexts = [], []

    def open_page(query="", at=None, scripts=True, width=1000, drawn=True):
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto((at or address) + query)
        if drawn:
            page.wait_for_selector(".chart.live")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def names(page):
    """The names that stand beside the lines."""
    return [
        text for text in page.locator(".drawing .mark-text.role-mark text").all_text_contents() if "turn" not in text
    ]


def test_a_value_is_told_where_the_pointer_comes_near(visit):
    page = visit()
    assert page.get_by_role("img", name="Foreign content", exact=True).count() == 1
    box = page.locator(".drawing svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    page.wait_for_selector("#vg-tooltip-element.visible")
    told = page.locator("#vg-tooltip-element").inner_text()
    assert "Korea" in told
    assert "percent" in told


def test_economies_are_chosen_by_keyboard_and_the_address_keeps_them(visit, address):
    page = visit()
    assert sorted(names(page)) == ["Korea", "United States"]
    page.get_by_label("United States").focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelectorAll('.drawing .mark-line.role-mark path[d]').length === 1")
    assert names(page) == ["Korea"]
    page.get_by_label("From").select_option("2010")
    assert page.url.endswith("#fig-content?series=Korea&from=2010")
    again = visit(page.url.removeprefix(address))
    assert names(again) == ["Korea"]
    assert again.get_by_label("From").input_value() == "2010"
    again.get_by_role("button", name="Usual view").click()
    again.wait_for_function("() => document.querySelectorAll('.drawing .mark-line.role-mark path[d]').length === 2")
    assert again.url.endswith("#fig-content")


@pytest.mark.parametrize(
    "query", ["series=Atlantis", "from=1900", "since=2000", "from=2015&to=2001", "from=x&series=%E0%A4"]
)
def test_an_address_that_asks_for_what_there_is_not_is_told_so(visit, query):
    page = visit(f"#fig-content?{query}")
    message = page.get_by_role("status")
    assert "does not have" in message.inner_text()
    assert sorted(names(page)) == ["Korea", "United States"]


def test_what_has_no_data_is_said_in_words_in_place_of_the_chart(visit):
    page = visit("#fig-content?series=A+%3Cb%3Ebold%3C%2Fb%3E+land&to=2005")
    assert page.get_by_role("status").inner_text() == "No data for A <b>bold</b> land from 2000 to 2005."
    assert not page.locator(".drawing").is_visible()
    page.get_by_label("to", exact=True).select_option("2020")
    page.wait_for_selector(".drawing", state="visible")
    assert names(page) == ["A <b>bold</b> land"]
    for name in ("Korea", "United States", "A <b>bold</b> land"):
        page.get_by_label(name).set_checked(False)
    assert page.get_by_role("status").inner_text() == "Nothing is chosen."
    assert page.locator(".chart b").count() == 0


def test_colours_follow_the_page_at_once(visit):
    page = visit()
    text = "[...document.querySelectorAll('.drawing text')].find(one => one.textContent === name)"
    of = f"name => getComputedStyle({text}).fill"
    before = page.evaluate(of, "United States"), page.evaluate(of, "2010")
    page.evaluate("document.body.classList.add('quarto-dark')")
    after = page.evaluate(of, "United States"), page.evaluate(of, "2010")
    assert before == ("rgb(0, 114, 178)", "rgb(85, 97, 109)")
    assert after == ("rgb(74, 168, 232)", "rgb(170, 180, 190)")


def test_the_picture_stays_where_no_script_runs_or_the_library_is_gone(visit, folder, tmp_path):
    still = visit(scripts=False, drawn=False)
    assert still.locator("svg.drawn").is_visible()
    assert still.locator("svg.drawn").text_content().count("Korea") == 1
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "build" / "assets" / "vega_bundle.js").unlink()
    page = visit(at=(copy / "index.html").as_uri(), drawn=False)
    page.wait_for_function("() => performance.now() > 500 && !document.querySelector('.drawing')")
    assert page.locator("svg.drawn").is_visible()


def test_a_page_opened_from_the_disk_draws_and_keeps_its_address_and_fits_a_phone(visit, folder):
    page = visit(at=(folder / "index.html").as_uri(), width=400)
    page.get_by_label("Korea").uncheck()
    page.wait_for_function("() => location.hash === '#fig-content?series=United+States'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator(".drawing svg").bounding_box()["width"] > 300


def test_long_rows_lie_beside_the_page_for_all_charts_that_draw_them(visit, folder):
    rows = pd.concat(frame().head(21).assign(series=f"Economy {number}") for number in range(12))
    spec = charts.specification(charts.lines(rows, "percent", colours(rows["series"].unique())), "many")
    shown = chart_with_rows_beside(folder, spec)
    assert len(shown[shown.index("<script") :]) < ROWS_WITHIN
    (folder / "many.html").write_text(PAGE.format(policy=POLICY, chart=shown * 2), encoding="utf-8")
    page = visit(at=(folder / "many.html").as_uri())
    page.wait_for_function("() => document.querySelectorAll('.chart.live').length === 2")
    assert page.locator(".drawing .mark-line.role-mark path[d]").count() == 24
