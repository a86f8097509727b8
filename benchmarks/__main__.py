"""Run every benchmark and write build/benchmarks.json: `python -m benchmarks [NAME ...]`."""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "build" / "benchmarks.json"


def names() -> list[str]:
    """Return the modules of this folder that measure something: those that define `run`."""
    found = sorted(path for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    return [path.stem for path in found if "\ndef run(" in path.read_text(encoding="utf-8")]


def line(name: str, found: dict[str, Any]) -> str:
    """Return one measurement as a line: both numbers, their ratio, and memory."""
    memory = json.dumps(found.get("peak_memory"))
    return f"{name:<60} {found['ours']:>10.3f} {found['other']:>10.3f}  ratio {found['ratio']:.3f}  memory {memory}"


def main() -> None:
    """Run the chosen benchmarks, all by default; results of others are kept."""
    chosen = sys.argv[1:] or names()
    if unknown := set(chosen) - set(names()):
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(names())}.")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    known: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    for name in chosen:
        found = importlib.import_module(f"benchmarks.{name}").run()
        for label, measured in found.items():
            print(line(label, measured), flush=True)
        known |= found
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(known, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
