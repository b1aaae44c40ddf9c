"""REST: what jobs made and people uploaded."""
