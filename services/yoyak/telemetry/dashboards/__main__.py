"""`python -m yoyak.telemetry.dashboards FOLDER`: write every dashboard's JSON."""

import sys
from pathlib import Path

from yoyak.telemetry.dashboards.all import DASHBOARDS


def main() -> None:
    """Write the dashboards to the folder that the one argument names."""
    folder = Path(sys.argv[1])
    for name, build in DASHBOARDS.items():
        (folder / name).write_text(build(), encoding="utf-8")


if __name__ == "__main__":
    main()
