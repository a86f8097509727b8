"""The site of all that is shipped, as readers meet it: the first screen, its weight, on paper, with axe."""

import gzip
import re
from collections import Counter
from importlib.resources import files

import pytest
from real_project import SCENARIO

pytestmark = pytest.mark.xdist_group("shipped")

QUESTIONS = ("innovation-index", "reshoring", "drivers", "intermediate-trade", "policy")
QUESTION = f"build/pages/{SCENARIO}/{QUESTIONS[0]}.html"
#: One page of each kind.
KINDS = ("index.html", "methods.html", "data.html", QUESTION)
KINDS += tuple(f"build/pages/{SCENARIO}/{name}.html" for name in ("claims", "sweep/claims", "economy", "economy/KOR"))
ENDS = "all => all.map(one => one.getBoundingClientRect().bottom)"


@pytest.fixture(scope="module")
def site(shipped_once):
    """The folder of such a site."""
    return shipped_once[0] / "_site"


@pytest.fixture(scope="module")
def address(site, serve):
    """Such a site on the loopback interface."""
    return serve(site)


@pytest.fixture
def visit(browser, address):
    """Open a page in a window of a width."""
    contexts = []

    def open_page(path, width=1280):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="light")
        contexts.append(context)
        page = context.new_page()
        page.goto(address + path, wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "most"), [(1280, 3000), (400, 6000)])
def test_the_front_page_answers_on_the_first_screen_and_is_short(visit, width, most):
    page = visit("index.html", width)
    assert page.evaluate("document.documentElement.scrollHeight") < most
    # The headline is the answer.
    ends = page.locator("h1.title, #fig-content .chart svg").evaluate_all(ENDS)
    assert len(ends) == 2
    assert max(ends) < 900


def test_the_front_page_is_light(browser, address):
    context = browser.new_context()
    page = context.new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(address, wait_until="networkidle")
    own = {one.url: len(gzip.compress(one.body())) for one in answers if "vega_bundle" not in one.url}
    context.close()
    assert sum(own.values()) < 300_000, own


def test_the_whole_site_is_under_sixty_megabytes(site):
    """This one has few economies and one scenario; eighty and two are published."""
    sizes = Counter()
    for path in (path.relative_to(site) for path in site.rglob("*") if path.is_file()):
        kind = "economies" if "economy" in path.parts else SCENARIO if SCENARIO in path.parts else "rest"
        sizes[kind, path.suffix] += (site / path).stat().st_size
    count = len(list((site / f"build/pages/{SCENARIO}/economy").glob("*.html")))
    published = {"economies": 80 / count, SCENARIO: 2, "rest": 1}
    weights = {(kind, ending): size * published[kind] for (kind, ending), size in sizes.items()}
    assert count > 0
    assert sum(weights.values()) < 60_000_000, sorted(weights.items(), key=lambda one: -one[1])


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_fits_on_ten_sheets(visit, name):
    paper = visit(f"build/pages/{SCENARIO}/{name}.html").pdf(format="A4")
    assert len(re.findall(rb"/Type /Page\b", paper)) <= 10
    assert len(paper) < 2_000_000


@pytest.mark.parametrize("path", KINDS)
def test_axe_finds_nothing(visit, path):
    page = visit(path)
    assert found_by_axe(page) == []
    page.set_viewport_size({"width": 400, "height": 900})
    page.emulate_media(color_scheme="dark")
    page.reload(wait_until="networkidle")
    assert found_by_axe(page) == []


def found_by_axe(page):
    """The names of the rules that a page breaks, and the first places where it does."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(told => told.violations)")
    return [(one["id"], [node["target"] for node in one["nodes"]][:5]) for one in violations]
