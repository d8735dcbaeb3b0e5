"""Answers of the commands, one file per kind, each loaded only when asked for."""
