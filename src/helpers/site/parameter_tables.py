"""Tables of every section's parameters, made from the models that check them."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from pydantic import BaseModel

from helpers.site.markup import inline, table
from helpers.site.notebook_page import folded

BOUNDS = {"minimum": "≥ ", "exclusiveMinimum": "> ", "maximum": "≤ ", "exclusiveMaximum": "< "}


def parameter_tables(sections: Iterable[Any]) -> str:
    """Return the Markdown of all parameter tables.

    Parameters
    ----------
    sections : iterable
        Sections with `slug`, `title` and `parameters` (a pydantic model class).
    """
    blocks = [_block(section, position) for position, section in enumerate(sections, 1)]
    return "\n\n".join(blocks) + "\n"


def _block(section: Any, position: int) -> str:
    caption = f"Table {position}. Parameters of <em>{escape(section.title)}</em>"
    rows = parameter_rows(section.parameters)
    html = table(
        ("Parameter", "Meaning", "Default", "Allowed"),
        rows,
        caption=caption,
        classes="report-table parameters",
        name=f"parameters-{section.slug}",
    )
    return f"### {section.title} {{#parameters-of-{section.slug}}}\n\n{folded('Parameters', html)}"


def parameter_rows(model: type[BaseModel]) -> list[list[str]]:
    """Return one row a parameter: name, meaning, default and what is allowed, as HTML."""
    properties = model.model_json_schema()["properties"]
    return [
        [
            f"<code>{escape(name)}</code>",
            escape(about.get("description", "")),
            inline(about.get("default")),
            escape(allowed(about)),
        ]
        for name, about in properties.items()
    ]


def allowed(about: Mapping[str, Any]) -> str:
    """Return what a JSON schema allows, in words."""
    if "anyOf" in about:
        return " or ".join(dict.fromkeys(allowed(option) for option in about["anyOf"]))
    if "enum" in about:
        return ", ".join(str(option) for option in about["enum"])
    if "const" in about:
        return str(about["const"])
    bounds = ", ".join(f"{sign}{about[key]}" for key, sign in BOUNDS.items() if key in about)
    return f"{_kind(about)} {bounds}".strip()


def _kind(about: Mapping[str, Any]) -> str:
    kind = str(about.get("type", "any value"))
    if kind == "array":
        return f"list of {_kind(about.get('items', {}))}"
    words = {
        "string": "text",
        "integer": "whole number",
        "boolean": "true or false",
        "null": "null",
        "object": "name: value",
    }
    return words.get(kind, kind)
