"""A backend-for-frontend: tokens stay on the server, the browser gets one HttpOnly cookie.

One staircase down; each room imports only what stands below it:

    cli, app       the operator: commands; where the house is started
    composition    which adapter stands behind which port
    settings       the file
    endpoints      the browser's side: the gate, /bff, /api, the page, the operators' address
    flows          the stories: sign in, use, renew, call, sign out; over Protocols
    adapters       the only files that open sockets: provider, Redis, APIs, logs, metrics
    session        PURE. what we remember, and the rules of its life
    audit          PURE. what is written down
    browser        PURE. what we hand to a browser and believe of it
    oidc           PURE. the provider's documents as functions
    resource       PURE. what may leave for an API and come back
    errors         PURE. the tree of everything that can go wrong
"""
