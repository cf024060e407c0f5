"""Refresh under fire with real processes: the scenarios, long (make chaos) and short (in make e2e)."""
