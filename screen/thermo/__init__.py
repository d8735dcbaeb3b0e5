"""The thermodynamic kernel: batched linear programs in numpy; pymatgen as the second opinion."""
