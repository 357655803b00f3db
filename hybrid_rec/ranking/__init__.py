"""The second stage: candidates, their features, and the learned order."""
