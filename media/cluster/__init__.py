"""Several media nodes: each room lives on one of them, and any of them answers for it."""
