"""A worker process: it claims jobs, runs them and writes down what they tell and make."""
