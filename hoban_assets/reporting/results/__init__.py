"""How good a model is, class by class."""
