"""make bench: this product and its peers, in one run on one machine."""
