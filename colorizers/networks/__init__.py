"""The trained networks and how their weights are kept: L of a small picture in, colours out."""
