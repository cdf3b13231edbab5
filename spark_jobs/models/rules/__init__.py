"""Forecasters that are rules: trailing spend, RFM cells, time decay, a Markov chain over RFM states."""
