"""What a fitted model is good for beside lists: a radio to listen to, exports for other tools."""
