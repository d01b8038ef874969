"""Fitting, adapting and judging classifiers, offline."""
