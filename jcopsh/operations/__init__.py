"""What takes more than one exchange, as functions of a Card and values."""
