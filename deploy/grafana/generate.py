"""`python deploy/grafana/generate.py`: write the dashboards that `contents` describes.

What it writes is committed; a test runs it into another folder and compares.
"""

# ruff: noqa: INP001 - a script's folder is no package

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from contents import BOARDS

HERE = Path(__file__).parent


def write(into: Path) -> list[Path]:
    """Write every dashboard below a folder, one folder for each audience; return the files."""
    files = []
    for stem, board in BOARDS.items():
        file = into / f"{stem}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(board, ensure_ascii=False, indent=2, sort_keys=True)
        file.write_text(text + "\n", encoding="utf-8")
        files.append(file)
    return files


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "dashboards")
