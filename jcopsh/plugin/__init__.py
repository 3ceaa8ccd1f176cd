"""What plugins may import, and how they are found."""
