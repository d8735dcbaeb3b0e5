"""From a judged case to files and text that people and programs read."""
