"""What is learned from the literature: small models, each with its measured skill."""
