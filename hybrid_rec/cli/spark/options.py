"""Options that the commands on a cluster share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Master = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="The cluster: spark://HOST:7077, yarn, local[4], or sc://HOST for Spark Connect; by "
        "default that of spark-submit or spark-defaults.conf.",
    ),
]
PreparedFolder = Annotated[
    Path, typer.Argument(metavar="PREPARED", help="What spark prepare or spark sample wrote.")
]
SharedOut = Annotated[
    Path, typer.Argument(metavar="OUT", help="Folder that the driver and all workers share.")
]
