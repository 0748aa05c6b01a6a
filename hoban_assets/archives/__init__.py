"""Archives that are carried elsewhere and back: plain tars, with a list of hashes in them."""
