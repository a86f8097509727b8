"""A replication package described for programs: RO-Crate 1.2, and each run by the Process Run Crate profile.

The description is plain JSON-LD: every entity stands in one list and names others by their `@id`.
"""

import json
import mimetypes
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from helpers import files
from helpers.data import catalogue
from helpers.runner import Run
from helpers.site import pages
from helpers.site.package import PROJECT, Contents

METADATA, README = "ro-crate-metadata.json", "README.md"
SPECIFICATION, PROFILE = "https://w3id.org/ro/crate/1.2", "https://w3id.org/ro/wfrun/process/0.5"
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
LICENCES = "https://spdx.org/licenses/"
#: Kinds of files that Python has no name for.
FORMATS = {
    ".ipynb": "application/x-ipynb+json",
    ".parquet": "application/vnd.apache.parquet",
    ".yml": "application/yaml",
}
DATA = f"{PROJECT}/data/"

Entity = dict[str, Any]


def crate(contents: Contents, title: str) -> str:
    """Return the description of a package.

    Parameters
    ----------
    contents : Contents
        What the package holds.
    title : str
        Its name.
    """
    tables = {table.path: table for table in map(catalogue.metadata, catalogue.tables())}
    licences = {table.licence_url: {"name": table.licence, "description": table.terms} for table in tables.values()}
    parts = {name: _file(name, contents) for name in contents.files}
    for path, table in tables.items():
        parts.get(f"{PROJECT}/{path}", {}).update(
            {"name": table.title, "description": table.description, "url": table.url, "license": _id(table.licence_url)}
        )
    for run in contents.runs:
        parts[f"{PROJECT}/notebooks/{run.section.slug}.ipynb"] |= {
            "@type": ["File", "SoftwareSourceCode"],
            "name": run.section.title,
            "version": contents.citation["version"],
            "programmingLanguage": "Python",
        }
    actions = [_action(run, contents) for run in contents.runs]
    graph = [
        *_about(contents, title, [action for action, _ in actions]),
        *_folders(contents),
        *parts.values(),
        *({"@id": address, "@type": "CreativeWork"} | words for address, words in licences.items()),
        *(entity for action, others in actions for entity in (action, *others)),
    ]
    unique = {entity["@id"]: entity for entity in graph}
    content = {"@context": [f"{SPECIFICATION}/context", TERMS], "@graph": list(unique.values())}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _id(name: str) -> Entity:
    """Return a reference; paths are written as in addresses."""
    return {"@id": name if ":" in name or name.startswith("#") else quote(name, safe="/@+")}


def _ids(names: Iterable[str]) -> Entity | list[Entity]:
    """Return references, one alone as it is."""
    found = [_id(name) for name in dict.fromkeys(names)]
    return found[0] if len(found) == 1 else found


def _about(contents: Contents, title: str, actions: list[Entity]) -> list[Entity]:
    """Return the description of the description, the package as a whole, its authors, and the rules that both keep."""
    cited = contents.citation
    authors = [_author(number, author) for number, author in enumerate(cited["authors"], 1)]
    licence = f"{LICENCES}{cited['license']}"
    whole: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": _id(PROFILE),
        "name": title,
        "description": f"Code, data and results of {len(actions)} runs, from commit {contents.commit}.",
        "datePublished": cited["date-released"],
        "version": cited["version"],
        "license": _id(licence),
        "author": _ids(author["@id"] for author in authors),
        "hasPart": _ids([README, f"{PROJECT}/"]),
        "mentions": _ids(action["@id"] for action in actions),
    }
    descriptor = {"@type": "CreativeWork", "about": _id("./"), "conformsTo": _id(SPECIFICATION)}
    words = "The code, notebooks and prose. Each data file has the licence of its producer."
    return [
        {"@id": METADATA} | descriptor,
        whole,
        {"@id": README, "@type": "File", "name": "README for replicators", "encodingFormat": "text/markdown"},
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]},
        {"@id": licence, "@type": "CreativeWork", "name": cited["license"], "description": words},
        *authors,
    ]


def _author(number: int, author: dict[str, str]) -> Entity:
    if "name" in author:
        return {"@id": f"#author-{number}", "@type": "Organization", "name": author["name"]}
    name = " ".join(author[key] for key in ("given-names", "family-names") if key in author)
    return {"@id": author.get("orcid", f"#author-{number}"), "@type": "Person", "name": name}


def _folders(contents: Contents) -> list[Entity]:
    """Return the folders of the package: the project, its data, and what each run and sweep left."""
    told = {
        f"{PROJECT}/": "Code, notebooks, data and results",
        DATA: "The embedded snapshot, a record beside each table",
    }
    told |= {_folder(run, contents): f"Results of {pages.heading(run)} ({run.name})" for run in contents.runs}
    sweeps = {name: folder for run in contents.runs for name, folder in run.sweeps.items()}
    told |= {f"{contents.name(folder)}/": f"Results of the sweep {name}" for name, folder in sweeps.items()}
    held: dict[str, list[str]] = {name: [] for name in told}
    held[f"{PROJECT}/"] += [name for name in told if name != f"{PROJECT}/"]
    for name in contents.files:
        held[max((folder for folder in told if name.startswith(folder)), key=len)].append(name)
    return [
        _id(name) | {"@type": "Dataset", "name": words, "hasPart": _ids(held[name])} for name, words in told.items()
    ]


def _folder(run: Run, contents: Contents) -> str:
    return f"{contents.name(run.folder)}/"


def _file(name: str, contents: Contents) -> Entity:
    path, suffix = contents.files[name], PurePosixPath(name).suffix
    kind = FORMATS.get(suffix) or mimetypes.MimeTypes().guess_type(name)[0]
    size = {"contentSize": str(path.stat().st_size), "sha256": files.sha256(path)}
    return {
        **_id(name),
        "@type": "File",
        "name": PurePosixPath(name).name,
        **({"encodingFormat": kind} if kind else {}),
        **size,
    }


def _action(run: Run, contents: Contents) -> tuple[Entity, list[Entity]]:
    """Return a run as an action, and what it names that is no file: software, parameters, data sets kept elsewhere."""
    own = f"#{run.name}"
    tools = {f"#{name}-{run.versions[name]}": name for name in ("python", "papermill") if name in run.versions}
    named = {f"{own}/{name}": (name, value) for name, value in run.parameters.items()}
    elsewhere = {f"#{name}": found["title"] for name, found in run.ingested.items()}
    read = [catalogue.metadata(name).path for name in run.tables]
    read += [*run.section.files, *(f"scenarios/{one.name}.yml" for one in run.scenarios), "requirements.lock"]
    inputs = [name for path in read if (name := f"{PROJECT}/{path}") in contents.files]
    inputs += [_folder(other, contents) for other in run.needs.values()]
    inputs += [f"{contents.name(folder)}/" for folder in run.sweeps.values()]
    begun = datetime.fromisoformat(run.started)
    action: Entity = {
        "@id": own,
        "@type": "CreateAction",
        "name": f"{pages.heading(run)}: {run.scenario.title}",
        "description": f"reshoring build {run.label} --scenario {run.scenario.name} (run {run.run_id})",
        "instrument": _ids([f"{PROJECT}/notebooks/{run.section.slug}.ipynb", *tools]),
        "object": _ids([*inputs, *named, *elsewhere]),
        "result": _ids(contents.name(run.folder / name) for name in run.outputs),
        "agent": _ids(_author(n, author)["@id"] for n, author in enumerate(contents.citation["authors"], 1)),
        "startTime": begun.isoformat(),
        "endTime": (begun + timedelta(seconds=run.seconds)).isoformat(timespec="milliseconds"),
    }
    software = [
        {"@id": key, "@type": "SoftwareApplication", "name": name, "softwareVersion": run.versions[name]}
        for key, name in tools.items()
    ]
    values = [
        {"@id": key, "@type": "PropertyValue", "name": name, "value": _value(value)}
        for key, (name, value) in named.items()
    ]
    kept = [{"@id": key, "@type": "CreativeWork", "name": title} for key, title in elsewhere.items()]
    return action, [*software, *values, *kept]


def _value(value: Any) -> Any:
    """Return a parameter as JSON-LD can hold it: lists and mappings would be taken for entities."""
    return value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
