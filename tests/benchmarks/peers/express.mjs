// What most people run: express, express-openid-connect with its sessions in Redis, http-proxy-middleware.
import { randomBytes } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import express from 'express'
import openid from 'express-openid-connect'
import { createProxyMiddleware } from 'http-proxy-middleware'
import http from 'node:http'
import { createClient } from 'redis'

const { PORT, ORIGIN, ISSUER, CLIENT_ID, CLIENT_SECRET, REDIS_PORT, UPSTREAM } = process.env
const redis = createClient({ url: `redis://127.0.0.1:${REDIS_PORT}` })
await redis.connect()

const app = express()
app.use(
  openid.auth({
    issuerBaseURL: ISSUER,
    baseURL: ORIGIN,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    clientAuthMethod: 'client_secret_basic',
    secret: randomBytes(32).toString('hex'),
    authRequired: false,
    authorizationParams: { response_type: 'code', scope: 'openid profile offline_access' },
    routes: { callback: '/bff/callback' },
    session: { store: new RedisStore({ client: redis, prefix: 'express:' }) },
  }),
)
app.use(
  '/api',
  openid.requiresAuth(),
  createProxyMiddleware({
    target: UPSTREAM,
    agent: new http.Agent({ keepAlive: true, maxSockets: 64 }),
    on: {
      proxyReq: (proxied, request) => {
        proxied.setHeader('authorization', `Bearer ${request.oidc.accessToken.access_token}`)
        proxied.removeHeader('cookie')
      },
    },
  }),
)
app.listen(Number(PORT), '127.0.0.1')
