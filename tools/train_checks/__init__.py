"""Training of the checks that are small models; see `make train-checks`."""
