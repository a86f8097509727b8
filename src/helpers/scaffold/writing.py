"""Names of new parts, and files that are written all or none."""

import io
import keyword
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from helpers import files
from helpers.errors import InputError
from helpers.paths import project_root, relative

#: Writes a text into a file.
Write = Callable[[Path, str], None]


def free_file(kind: str, folder: str, name: str, ending: str, joined: str = "-") -> Path:
    """Return where a new file is to lie.

    Parameters
    ----------
    kind : str
        What it is: "section", "indicator".
    folder, name, ending : str
        The file, below the project's root.
    joined : str
        What joins the words of a name.

    Raises
    ------
    InputError
        The name is no slug, which one that leads out of the folder is not either, or it is taken.
    """
    check_name(kind, name, joined)
    path = project_root() / folder / f"{name}{ending}"
    if path.exists():
        raise InputError(f"There is a {kind} {name!r} already: {relative(path)}. Choose another name, or edit that.")
    return path


def check_name(kind: str, name: str, joined: str = "-") -> None:
    """Refuse what is no slug: small letters and digits, words joined by one sign; a word of Python is none either."""
    if re.fullmatch(rf"[a-z][a-z0-9]*({joined}[a-z0-9]+)*", name) and not keyword.iskeyword(name):
        return
    words = re.sub(r"[^a-z0-9]+", joined, name.lower()).strip(f"{joined}0123456789") or f"my{joined}{kind}"
    better = f"my{joined}{words}" if keyword.iskeyword(words) else words
    raise InputError(
        f"{name!r} cannot be the name of a {kind}: small letters a-z and digits, words joined by {joined!r}, a letter "
        f"first, such as {better!r}."
    )


@contextmanager
def all_or_none() -> Iterator[Write]:
    """Yield a function that writes a file; when the block ends in an error, every file is as it was before."""
    before: dict[Path, bytes | None] = {}

    def write(path: Path, text: str) -> None:
        before.setdefault(path, path.read_bytes() if path.is_file() else None)
        files.write_text(path, text)

    try:
        yield write
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                files.write_bytes(path, content)
        raise


def edited(path: Path, change: Callable[[Any], None]) -> str:
    """Return a YAML file with a change made to what it holds; comments and the form of all else stay."""
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 10**6
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(path.read_text(encoding="utf-8"))
    change(content)
    written = io.StringIO()
    yaml.dump(content, written)
    return written.getvalue()
