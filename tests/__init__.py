"""The tiers, widest first.

unit          the pure rooms, file by file: no event loop, no socket
flows         the stories over fakes: no socket
ports         one suite per port, run against the fake and against the real adapter
mocks         what the mock provider and the mock API promise
app           the whole application in process
architecture  what the build knows about the house
e2e           the Procfile's processes on free ports, and a real browser
"""
