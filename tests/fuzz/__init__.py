"""Fuzzing: what a stranger may send, through the code that must refuse it.

Each target takes bytes and raises AssertionError when something was accepted that its specification
refuses; an exception that the code under test does not document is a finding too. tests/fuzz/seeds
holds starting points for each, one file an input.

``make fuzz`` runs every target for ten minutes, guided by coverage (atheris); the suite replays the seeds and
runs each target for a moment. ``python -m tests.fuzz TARGET FILE`` replays a finding.
"""
