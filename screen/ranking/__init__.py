"""From numbers to an order: roles read from data, scores, and what would change the order."""
