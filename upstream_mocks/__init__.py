"""The parties around the BFF, for development and tests: provider/, api/, a Redis, and the demo that starts them all."""
