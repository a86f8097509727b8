"""The rendered example in a real browser: narrow and wide, light and dark, with and without scripts."""

from importlib.resources import files
from urllib.parse import urljoin, urlsplit

import pandas as pd
import pytest

from helpers.report.tables import table_html

PAGES = ("index.html", "methods.html", "data.html", "build/pages/kita-2021/heights.html")
SECTION = PAGES[-1]
WINDOWS = [(1280, "light"), (400, "dark")]


#: An icon is a picture, as Quarto has it, or a letter of a font that has it: of any other it would have another width.
DRAWN_ICON = """async icon => {
  const { content, fontSize, fontFamily, backgroundImage } = getComputedStyle(icon, '::before');
  if (backgroundImage !== 'none') return true;
  const font = (await document.fonts.load(`${fontSize} ${fontFamily}`, content.slice(1, -1)))[0];
  const canvas = document.createElement('canvas').getContext('2d');
  const width = family => ((canvas.font = `${fontSize} ${family}`), canvas.measureText(content.slice(1, -1)).width);
  return Boolean(font) && Math.abs(width(`${fontFamily}, serif`) - parseFloat(fontSize)) < 1;
}"""
#: The widest tables of the site, by what makes them wide: many numbers, long text, models side by side.
KINDS = {
    "numbers": {
        "series": "Foreign input share, pooled",
        "n": 12,
        "largest F": 16.46,
        "p": "< 0.001",
        "p, serial": 0.049,
    }
    | {"break (interval)": "2004 (2003 to 2006)", "mean before → after": "−1.53 → 2.15", "by BIC": "2008, 2012"}
    | {"change in 2011": -0.29, "p, known date": 0.779, "crisis": "left out"},
    "estimates": {"design": "Panel of exports to 2022, two classes", "estimate (95% interval)": "−2.38 (−4.94 to 0.18)"}
    | {"s.e.": 1.28, "d.f.": 55.0, "p": 0.068, "detectable": 3.64, "n": 1562},
    "models": {"term": "R&D spending"}
    | {f"({n}) Industry-year": "2.068\n(2.155)" for n in range(5)}
    | {"(6) Trade too": "by country (42)"},
    "text": {"number": 1, "country": "United States", "date": "2022-08-09", "instrument": "Tax credit for plants " * 3}
    | {"detail": "for plants that make chips, whether or not they return " * 3, "amount": "39,000 million US$"},
    "codes": {"claim": "Korea is second in spending on research", "metric": "korea_rank_of_hightech_patents_share"}
    | {"notebook": "innovation-index.ipynb", "cell": "metrics", "shown": "innovation-index#tbl-four-ranks"},
}


@pytest.fixture(scope="session")
def address(rendered, serve):
    """The rendered example on the loopback interface."""
    return serve(rendered / "_site")


@pytest.fixture
def visit(browser, address):
    """Open a page; afterwards no script may have failed and nothing may have been asked of another host."""
    troubles, contexts = [], []

    def open_page(path, width=1280, scheme="light", scripts=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text) if is_trouble(message) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: troubles.append(request.url) if is_elsewhere(request.url) else None)
        page.goto(urljoin(address, path), wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def is_trouble(message):
    """Tell whether a message is an error, other than that Quarto's script modules do not load from the disk."""
    place = message.location["url"]
    module = "site_libs/" in message.text + place and place.startswith("file:")
    return message.type == "error" and not module


def is_elsewhere(url):
    """Tell whether a request leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1"


@pytest.mark.parametrize("opened", ["address", "disk"])
def test_a_script_that_came_with_text_does_not_run(browser, rendered, address, tmp_path, opened):
    folder = rendered / "_site"
    hostile = folder / "hostile.html"
    put = "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\"></main>"
    hostile.write_text((folder / "index.html").read_text(encoding="utf-8").replace("</main>", put), encoding="utf-8")
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(urljoin(address, hostile.name) if opened == "address" else hostile.as_uri(), wait_until="networkidle")
        assert "ran" not in page.title().split()
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.locator("a.quarto-color-scheme-toggle:visible").first.click()  # the renderer's own attribute does
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != colour
    finally:
        context.close()
        hostile.unlink()


def found_by_axe(page, but="#none", **asked):
    """What axe finds on a page but in some part: contrasts, landmarks, scrolling regions, headings and the like."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    violations = page.evaluate(
        "([but, asked]) => axe.run({ exclude: but }, asked).then(told => told.violations)", [but, asked]
    )
    return [(one["id"], [node["target"] for node in one["nodes"]][:5]) for one in violations]


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_show_their_images_and_can_be_read(visit, path, width, scheme):
    page = visit(path, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter(image => !image.complete || !image.naturalWidth).map(image => image.src)"
    assert page.evaluate(broken) == []
    dark = page.evaluate("document.querySelector('.quarto-dark') !== null")
    assert dark is (scheme == "dark")
    assert found_by_axe(page) == []


def test_figures_are_numbered_where_text_refers_to_them(visit):
    page = visit(SECTION)
    reference = page.locator("main p a.quarto-xref").first
    assert reference.inner_text().split() == ["Figure", "1"]
    reference.click()
    assert page.url.endswith("#fig-heights")
    labels = ("#fig-heights", "#tbl-heights")
    captions = [page.locator(f"{label} figcaption").inner_text().replace("\xa0", " ") for label in labels]
    assert [caption[:12] for caption in captions] == ["Figure 1: He", "Table 1: All"]


def test_tables_sort_by_value_and_filter(visit):
    page = visit(SECTION)
    rows = "#tbl-heights tbody tr"
    page.wait_for_selector("#tbl-heights .dt-container")
    header = page.locator("#tbl-heights th", has_text="height")
    header.click()
    page.wait_for_selector(f"{rows}:first-child:has-text('1.51')")
    header.click()
    page.wait_for_selector(f"{rows}:first-child:has-text('10.50')")
    page.fill("#tbl-heights input[type=search]", "ACK")
    page.wait_for_function("rows => document.querySelectorAll(rows).length === 1", arg=rows)
    assert page.locator(rows).inner_text().split() == ["ACK", "7.40", "11"]


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_a_long_table_scrolls_under_its_head_between_its_controls(visit, width, scheme):
    page = visit(SECTION, width, scheme)
    page.wait_for_selector("#tbl-growth .dt-container")
    boxes = page.locator("#tbl-growth .table-scroll")
    assert boxes.count() == 1
    assert boxes.locator("input, .dt-info, .dt-paging").count() == 0
    assert page.locator("#tbl-growth :is(input[type=search], .dt-info, .dt-paging)").count() == 3
    page.locator("#tbl-growth select").select_option("-1")
    box = boxes.element_handle()
    page.wait_for_function("box => box.scrollHeight > 2 * box.clientHeight", arg=box)
    assert page.evaluate("box => getComputedStyle(box).backgroundImage", box).count("gradient") == 4
    box.evaluate("box => box.scrollTo(0, 300)")
    head = box.query_selector("th")
    assert abs(head.bounding_box()["y"] - box.bounding_box()["y"]) < 2
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert head.evaluate("head => getComputedStyle(head).backgroundColor") == paper


def test_a_long_table_can_be_scrolled_by_keyboard_and_says_so(visit):
    page = visit(SECTION)
    page.wait_for_selector("#tbl-growth .dt-container")
    box = page.get_by_role("region", name="Growth by year (scrolls)")
    assert box.count() == 1
    assert page.locator("#tbl-growth [tabindex='0']:has(.dt-container)").count() == 0
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())


@pytest.mark.parametrize("path", ["data.html", SECTION])
def test_captions_stand_above_the_controls_of_their_tables(visit, path):
    page = visit(path)
    page.wait_for_selector("table.dataTable")
    for figure in page.locator("figure:has(.dt-container):visible").all():
        caption, controls = figure.locator("figcaption").bounding_box(), figure.locator(".dt-container").bounding_box()
        assert caption["y"] + caption["height"] <= controls["y"]
    assert page.locator(".dt-container caption").count() == 0


def test_long_names_in_the_sidebar_are_broken_on_a_phone(visit):
    page = visit(SECTION, 400)
    page.locator(".quarto-secondary-nav button").first.click()
    sidebar = page.locator("#quarto-sidebar")
    name = sidebar.locator(".sidebar-item-text", has_text="How tall").first
    name.wait_for()
    page.wait_for_timeout(500)  # it slides in
    room = sidebar.bounding_box()
    assert name.bounding_box()["height"] > 40
    for element in sidebar.locator(":is(.sidebar-item-text, .sidebar-item-toggle):visible").all():
        box = element.bounding_box()
        assert box["x"] >= room["x"]
        assert box["x"] + box["width"] <= min(400, room["x"] + room["width"])


def test_links_in_text_are_underlined_and_the_description_keeps_its_distance(visit):
    page = visit(SECTION)
    plain = """[...document.querySelectorAll('main p a')]
        .filter(link => getComputedStyle(link).textDecorationLine !== 'underline').map(link => link.outerHTML)"""
    assert page.locator("main p a").count() > 2
    assert page.evaluate(plain) == []
    gap = """() => {
      const texts = ['h1.title', '.description'].map(name => {
        const range = document.createRange();
        range.selectNodeContents(document.querySelector('#title-block-header ' + name));
        return range.getBoundingClientRect();
      });
      return texts[1].top - texts[0].bottom;
    }"""
    assert page.evaluate(gap) > 8


def test_a_tab_shows_what_is_behind_it(visit):
    page = visit(SECTION)
    second = page.locator(".tab-pane", has_text="second")
    assert not second.is_visible()
    page.get_by_role("tab", name="Two").click()
    second.wait_for(state="visible")


def test_paper_holds_all_rows_and_tabs_in_dark_letters(visit):
    page = visit(SECTION, scheme="dark")
    page.wait_for_selector("#tbl-growth .dt-container")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    rows = page.locator("#tbl-growth tbody tr")
    assert rows.count() == 40
    assert rows.last.is_visible()
    box = page.locator("#tbl-growth .table-scroll")
    assert box.evaluate("box => getComputedStyle(box).maxHeight") == "none"
    assert page.locator(".tab-pane", has_text="second").is_visible()
    for hidden in ("#quarto-sidebar", "#quarto-header", ".run-box", ".dt-paging"):
        assert not page.locator(hidden).first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert found_by_axe(page, "#tbl-growth tbody", runOnly=["color-contrast"]) == []
    filled = page.locator(".callout-header").evaluate_all(
        "all => all.map(one => getComputedStyle(one).backgroundColor)"
    )
    assert set(filled) <= {"rgba(0, 0, 0, 0)", "rgb(246, 248, 250)"}
    cut = """box => { const found = []; for (let one = box; !one.matches('main'); one = one.parentElement)
        if (getComputedStyle(one).overflowX !== 'visible') found.push(one.className); return found; }"""
    assert box.evaluate(cut) == []
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert rows.count() == 15


def test_everything_reads_well_without_scripts(visit):
    page = visit(SECTION, 400, scripts=False)
    assert page.locator("#tbl-heights tbody tr").count() == 30
    assert page.locator("#tbl-heights tbody tr").last.is_visible()
    assert page.locator("details.run-box summary").is_visible()
    assert page.locator(".tab-pane", has_text="second").is_visible()
    box = page.locator("#tbl-heights .table-scroll").bounding_box()
    assert box["x"] + box["width"] <= 400


def test_what_is_folded_opens_by_its_button_by_key_and_by_a_link_to_what_is_in_it(visit):
    page = visit(SECTION)
    head = page.locator(".callout-header", has_text="In full")
    opened, closed = ".callout-collapse.show #tbl-folded", ".callout-collapse.collapse:not(.show) #tbl-folded"
    assert not page.locator("#tbl-folded table").is_visible()
    head.click()
    page.wait_for_selector(opened)
    head.click()
    page.wait_for_selector(closed, state="attached")
    head.press("Enter")
    page.wait_for_selector(opened)
    head.press("Space")
    page.wait_for_selector(closed, state="attached")
    page.locator("main p a.quarto-xref[href$='#tbl-folded']").click()
    page.wait_for_selector(opened)
    assert head.get_attribute("aria-expanded") == "true"
    assert visit(f"{SECTION}#tbl-folded").locator("#tbl-folded table").is_visible()


def test_a_link_to_a_folded_entry_opens_it_and_no_other(visit):
    page = visit("data.html")
    assert page.locator("dl.record").first.is_visible() is False
    page.locator("main td a[href$='#rd_gdp'], main th a[href$='#rd_gdp']").first.click()
    page.locator("dl.record").first.wait_for(state="visible")
    assert [one.is_visible() for one in page.locator("dl.record").all()] == [True, False]


def test_what_is_folded_is_open_without_scripts_and_stays_folded_on_paper_unless_it_was_opened(visit):
    assert visit(SECTION, scripts=False).locator("#tbl-folded table").is_visible()
    page = visit(SECTION)
    page.emulate_media(media="print")
    head = page.locator(".callout-header", has_text="In full")
    assert head.is_visible()
    assert not page.locator("#tbl-folded table").is_visible()
    head.click()
    page.locator("#tbl-folded table").wait_for()


def test_the_switch_leads_to_the_other_view_of_a_page_and_back(visit):
    page = visit(SECTION)
    views = page.get_by_role("navigation", name="Views of this page")
    for title, scenario in (("Newest data", "latest"), ("As seen in 2021", "kita-2021")):
        views.get_by_role("link", name=title).click()
        page.wait_for_url(f"**/{scenario}/heights.html")
        assert views.locator("[aria-current=page]").all_inner_texts() == [title]


@pytest.mark.parametrize("path", PAGES)
def test_the_page_is_marked_in_the_side_bar(visit, path):
    page = visit(path)
    current = page.locator("#quarto-sidebar [aria-current]")
    assert current.count() == 1
    assert page.locator("#quarto-sidebar a.active").count() == 1
    # The older view of a page is marked at the newest, which is the one that the side bar leads to.
    expected = path.replace("kita-2021", "latest")
    marked = page.evaluate("link => link.href", current.element_handle())
    assert (f"{marked}index.html" if marked.endswith("/") else marked).endswith(expected)
    assert current.get_attribute("aria-current") == ("page" if path == expected else "true")
    assert page.get_by_role("link", name="Switch between light and dark").count() >= 1
    icon = page.locator("a.quarto-color-scheme-toggle:visible .bi").first
    assert icon.count() == 0 or icon.evaluate(DRAWN_ICON)


def test_the_first_tab_stop_skips_to_the_content(visit):
    page = visit(SECTION)
    page.keyboard.press("Tab")
    link = page.locator("a:focus")
    assert link.inner_text() == "Skip to the content"
    assert link.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('main')")


def test_tables_of_every_kind_fit_the_page_and_on_a_phone_scroll_in_a_named_region(visit):
    page = visit(SECTION)
    room = page.locator("#tbl-heights figure > div")
    for kind, row in KINDS.items():
        room.evaluate("(box, html) => { box.innerHTML = html; }", table_html(pd.DataFrame([row])))
        sizes = room.locator(".table-scroll").evaluate("box => [box.scrollWidth, box.clientWidth]")
        assert sizes[0] <= sizes[1], (kind, sizes)
    narrow = visit(SECTION, 400)
    narrow.wait_for_selector("#tbl-growth .dt-container")
    cut = """[...document.querySelectorAll('main .table-scroll')].filter(box => box.checkVisibility())
        .filter(box => box.scrollWidth > box.clientWidth && !box.matches('[role=region][aria-label][tabindex="0"]'))
        .map(box => box.textContent.slice(0, 40))"""
    assert narrow.evaluate(cut) == []


def test_run_box_opens_and_its_downloads_are_there(visit, address):
    page = visit(SECTION, 400)
    box = page.locator("details.run-box")
    assert not box.locator("table").first.is_visible()
    box.locator("summary").click()
    assert box.locator("table").first.is_visible()
    for link in box.locator("a[download]").all():
        answer = page.request.get(
            page.evaluate("href => new URL(href, document.baseURI).href", link.get_attribute("href"))
        )
        assert answer.ok
        assert len(answer.body()) > 100


def test_search_finds_a_word_of_a_section(visit):
    asks_and_goes(visit("index.html"))


def test_search_and_sorting_work_on_a_page_opened_from_the_disk(visit, rendered):
    page = visit((rendered / "_site" / SECTION).as_uri())
    assert page.url.startswith("file://")
    page.locator("#tbl-heights .dt-container th", has_text="height").click()
    page.wait_for_selector("#tbl-heights tbody tr:first-child:has-text('1.51')")
    asks_and_goes(page)


def test_a_search_without_its_index_says_how_to_get_it(visit, rendered, monkeypatch):
    page = visit("index.html")
    page.evaluate("() => { document.head.append = (script) => script.onerror(); }")
    page.fill(".site-search input", "ranks")
    page.get_by_text("python -m http.server").wait_for()


def asks_and_goes(page):
    """Ask by keyboard for a word of a section and of a table, and follow the first hit."""
    for question in ("ACK", "Unmistakable"):
        page.keyboard.press("/")
        page.locator(".site-search input:focus").fill(question)
        page.wait_for_selector(".site-search-found a >> text=How tall")
        assert page.locator(".site-search-found a").count() == 1
        page.keyboard.press("Escape")
        assert page.locator(".site-search-found a:visible").count() == 0
        page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.locator(".site-search input").fill("unmistakable rank")
    page.wait_for_selector(".site-search-found a >> text=How tall")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.keyboard.press("Enter")
    page.wait_for_url("**/latest/heights.html")


def test_what_is_tapped_is_large_enough(visit):
    page = visit(SECTION, 400)
    small = """[...document.querySelectorAll('main summary, .navbar button, .dt-paging-button')]
        .filter(element => element.checkVisibility())
        .map(element => [element.getBoundingClientRect(), element.textContent.trim()])
        .filter(([box]) => box.height < 24 || box.width < 24).map(([, text]) => text)"""
    assert page.evaluate(small) == []
