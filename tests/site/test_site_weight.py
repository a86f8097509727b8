"""Style sheets without the rules that no page can use."""

import pytest

from helpers.site.weight import DARK, slimmed, themes


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a,.b,p{x:1}", ".a,p{x:1}"),
        (".a.b{x:1}.a .b{x:2}", ""),
        (".a:not(.b){x:1}", ".a:not(.b){x:1}"),
        ("@media (min-width:1px){.b{x:1}}p{y:1}", "p{y:1}"),
        ("@media print{.a{x:1}.b{x:2}}", "@media print{.a{x:1}}"),
        ("@keyframes k{0%{x:1.5px}to{x:2px}}", "@keyframes k{0%{x:1.5px}to{x:2px}}"),
        ("/*! v1.0, by.b */p{x:1}/* .b */", "/*! v1.0, by.b */p{x:1}"),
    ],
)
def test_a_rule_stays_when_all_its_classes_are_used(style, kept):
    assert slimmed(style, {"a"}) == kept


def test_the_dark_theme_holds_what_differs_and_no_more():
    dark = themes()["bootstrap-dark.css"]
    assert "color-scheme:dark" in dark
    assert DARK not in dark
    assert len(dark) < 10_000
