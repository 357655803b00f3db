"""The `hybrid-rec` command, one file a subcommand."""
