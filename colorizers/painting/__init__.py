"""One photograph of any size: its L goes to a network, the colours come back to its full size."""
