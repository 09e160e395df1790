"""Joins ports to adapters. The only reader of the environment."""
