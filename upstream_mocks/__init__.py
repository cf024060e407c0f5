"""The parties around the BFF, for development and tests.

provider/ signs users in, api/ is what the product forwards to, redis_server starts a real Redis,
and demo starts everything that the Procfile names.
"""
