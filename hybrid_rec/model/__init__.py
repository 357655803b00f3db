"""What a fitted model is and does: fit, update, search, explain, store."""
