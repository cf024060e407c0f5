"""One typed file, read once, wrong in every way at once.

For: the TOML file's shape, its problems, where each value came from, and the small values the rooms
    below are built with.
Answers to: docs/configuration.md; OWASP ASVS 5.0, sections 7.1 and 13.3.
May import: every room below; msgspec, tomllib.
Never knows: the environment or the file system, which are arguments; the network.
Called by: bff.composition, bff.app and bff.cli.
"""
