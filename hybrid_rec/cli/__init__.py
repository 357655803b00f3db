"""The `hybrid-rec` command, one file for each subcommand."""
