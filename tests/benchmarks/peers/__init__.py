"""Peers of our own making, each as its makers' documents would have it."""
