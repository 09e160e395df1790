"""Figures, as ratios within one run; printed, never asserted."""
