"""How wrong computed formation energies are, what was measured, what that changes."""
