"""Hybrid recommendations from playlists, titles and artists, cold items included.

Names are loaded when they are first used: importing this package loads neither torch nor gensim.
`__init__.pyi` beside this file lists them, once.
"""

from importlib.metadata import version

import lazy_loader

__version__ = version("hybrid-rec")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
