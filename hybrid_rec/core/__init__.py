"""What every room stands on: errors, configuration, arrays, progress, files."""
