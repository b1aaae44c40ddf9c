"""One machine's worker processes and the process that looks after them."""
