"""Hybrid recommendations from playlists, titles and artists, cold items included.

Names are loaded when they are first used: importing this package loads neither torch nor gensim.
`__init__.pyi` beside this file lists them, once.
"""

from typing import Any

import lazy_loader

from hybrid_rec.core.siblings import check_siblings

check_siblings()

_lazily, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # Reading it takes longer than everything else that is done here.
        from importlib.metadata import version

        return version("hybrid-rec")
    return _lazily(name)
