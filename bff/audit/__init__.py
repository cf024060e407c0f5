"""What is written down about security: the vocabulary of events.

For: typed audit events, one record each, safe to show to anybody who may review.
Answers to: OWASP Logging Vocabulary, OWASP ASVS 5.0 chapter 16.
May import: bff.errors, msgspec.
Never knows: tokens, cookie values, session ids, text from outside, where events are stored.
Called by: bff.flows, bff.endpoints, bff.adapters.
"""
