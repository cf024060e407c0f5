"""The evidence: requirements.toml, and the tests whose marks name its lines.

``python -m tests.evidence`` (``make generated``) writes docs/security/evidence.md from both.
"""
