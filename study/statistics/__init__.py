"""Data frames in, numbers out: rates, intervals, tests, and the models to plan a study with."""
