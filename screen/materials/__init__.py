"""What a person means by a material: a formula, a name such as LLZO, or a rounded formula."""

from screen.materials.names import formula_of, mistaken
from screen.materials.reading import Material, read

__all__ = ["Material", "formula_of", "mistaken", "read"]
