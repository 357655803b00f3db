"""The same jobs on a Spark cluster; the only package that imports pyspark (extra `spark`)."""

import lazy_loader

# Every Python process of a cluster imports this package, and few need all of it.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
