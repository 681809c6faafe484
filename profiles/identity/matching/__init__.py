"""Probable matches: records are cleaned, candidates blocked, pairs weighed, people clustered.

Splink estimates the weights by EM; what it learnt leaves it as a match model (JSON). Everything that decides who is one
person reads that model alone.
"""
