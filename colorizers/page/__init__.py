"""The Colorize tab and the endpoint for programs: what a browser sends, checked and answered."""
