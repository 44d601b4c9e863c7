"""Benchmarks: ratios measured in one run, in alternating rounds; ``make bench`` runs them all."""
