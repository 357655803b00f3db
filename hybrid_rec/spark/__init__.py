"""The same jobs on a Spark cluster; the only package that imports pyspark (extra `spark`)."""
