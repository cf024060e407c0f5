"""The command line: one file for each of the operator's tasks.

For: bff serve, bff check, bff explain, bff keys; exit codes 0 all is well, 1 something is wrong
    with the file or what it points to, 2 wrong usage.
Answers to: docs/operations.md.
May import: bff.app, bff.composition, bff.settings and the rooms below; click, rich, granian, uvicorn.
Never knows: Redis, the provider or a token, but through bff.composition.
Called by: the operator, as ``bff``.
"""
