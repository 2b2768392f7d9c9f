"""Every figure in the documentation, measured anew: `python -m bench.ingest`, `bench.index`."""
