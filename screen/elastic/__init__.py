"""Elastic moduli from the composition: features of elements, the shipped model, its training."""
