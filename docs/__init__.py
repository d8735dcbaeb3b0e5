"""The documentation, and what writes the part of it that the program knows."""
