"""What an item is made of: one class a kind of block."""
