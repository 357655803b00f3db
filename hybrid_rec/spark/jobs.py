"""What a cluster complains of, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hybrid_rec.core.errors import RunError
from hybrid_rec.core.quoting import shortened


@contextmanager
def cluster_errors() -> Iterator[None]:
    """A context in which a job that fails is a RunError of one line."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        told = next((line for line in reversed(lines) if _tells(line)), lines[0] if lines else "")
        raise RunError(
            f"the job on the cluster must end well, but: {shortened(told)}; look into the logs of "
            "its workers."
        ) from None


def _tells(line: str) -> bool:
    """Whether a line of a traceback is the one that says what was wrong."""
    head = line.partition(":")[0]
    return head.endswith(("Error", "Exception")) and " " not in head and not head.startswith("at")
