"""Trainings and the evaluation: `python -m train.classification`, `.gan`, `.evaluate`, `.data`."""
