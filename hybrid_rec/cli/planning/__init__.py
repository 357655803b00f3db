"""What a fit and a scoring run will take, before they start."""
