"""Many photographs: what is where in a folder, and the work over cores and machines."""
