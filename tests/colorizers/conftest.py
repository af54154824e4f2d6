"""Being here, it puts the fakes beside it on the path of every test below."""
