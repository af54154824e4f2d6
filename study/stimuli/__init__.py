"""Sets of pictures: made from photographs or folders, verified, and shown to participants."""
