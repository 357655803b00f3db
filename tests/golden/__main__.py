"""Make the golden answers anew, after a change that is meant to move them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.golden.answers import answers_of
from tests.golden.compare import FOLDER, machine
from tests.golden.worlds import WORLDS


def main() -> None:
    """Write one file a world, or only those that are named."""
    data = Path(os.environ.get("HYBRID_REC_DATA") or FOLDER.parents[2] / "shared" / "data")
    for name in sys.argv[1:] or WORLDS:
        found = answers_of(WORLDS[name](data))
        tables = [
            f"{json.dumps(table)}: [\n" + ",\n".join(map(json.dumps, rows)) + "\n]"
            for table, rows in [("machine", [machine()]), *found.items()]
        ]
        text = "{\n" + ",\n".join(tables) + "\n}\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
