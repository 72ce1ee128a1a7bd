"""What is done in a selection outside the moves of its procedure."""
