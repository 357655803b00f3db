"""`hybrid-rec spark`: the commands that run on a cluster, one file each."""
