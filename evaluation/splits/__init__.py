"""What is learned from, what is given and what is to be found."""
