"""Picture files: any of them in, clean sRGB out, and the coloured picture back into a file."""
