"""The contract's tables in our own words: what the product promises to programs and people, and which tests show it.

`rows` holds them all. `python -m tests.contract.coverage` writes `docs/contract_coverage.md` from them, and the tests
here compare them with the product: what it has and no row tells of fails, and so does what a row tells of and it lacks.
"""
