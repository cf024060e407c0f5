"""Plugs the house together: which adapter stands behind which port.

For: what the app holds open while it runs, the flows over it, and its lifespan.
Answers to: docs/architecture.md.
May import: every room below.
Never knows: how it is started; the rules themselves.
Called by: bff.app.
"""
