"""The Study tab and the administrator's page: what a browser may ask, and what it gets."""
