"""Documents and types made from the product's own vocabulary: ``make generated``."""
