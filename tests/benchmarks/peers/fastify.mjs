// The best full backend-for-frontend in Node, by hand: fastify in front, undici behind, the session in Redis through ioredis.
// No CSRF check, no leak guard, no header policy beyond the hop-by-hop rule. One small session record, one GET per request.
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import * as oidc from 'openid-client'
import { Pool } from 'undici'

const { PORT, ORIGIN, ISSUER, CLIENT_ID, CLIENT_SECRET, REDIS_PORT, UPSTREAM } = process.env
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade'])
const NOT_SENT = new Set([...HOP_BY_HOP, 'host', 'cookie', 'authorization'])

const redis = new Redis(Number(REDIS_PORT), '127.0.0.1')
const upstream = new Pool(UPSTREAM, { connections: 64 })
const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, {}, oidc.ClientSecretBasic(CLIENT_SECRET), {
  execute: [oidc.allowInsecureRequests],
})
const redirectUri = `${ORIGIN}/bff/callback`
const app = fastify({ logger: false, bodyLimit: 10 * 1024 * 1024 })
await app.register(cookie, { secret: randomBytes(32).toString('hex') })

app.get('/login', async (_request, reply) => {
  const verifier = oidc.randomPKCECodeVerifier()
  const state = oidc.randomState()
  await redis.set(`login:${state}`, verifier, 'EX', 600)
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  })
  return reply.redirect(url.href, 303)
})

app.get('/bff/callback', async (request, reply) => {
  const state = request.query.state
  const verifier = await redis.getdel(`login:${state}`)
  const tokens = await oidc.authorizationCodeGrant(config, new URL(request.url, ORIGIN), {
    pkceCodeVerifier: verifier,
    expectedState: state,
  })
  const id = randomBytes(32).toString('base64url')
  const session = {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    expiresAt: Date.now() + tokens.expires_in * 1000,
    subject: tokens.claims().sub,
  }
  await redis.set(`session:${id}`, JSON.stringify(session), 'EX', 86_400)
  reply.setCookie('session', id, { path: '/', httpOnly: true, sameSite: 'strict', signed: true })
  return reply.redirect('/', 303)
})

app.all('/api/*', async (request, reply) => {
  const shown = request.cookies.session ? request.unsignCookie(request.cookies.session) : null
  if (!shown?.valid) return reply.code(401).send()
  const stored = await redis.get(`session:${shown.value}`)
  if (stored === null) return reply.code(401).send()
  const session = JSON.parse(stored)
  if (session.expiresAt < Date.now()) return reply.code(401).send() // a real one would renew here
  const headers = { authorization: `Bearer ${session.accessToken}` }
  for (const [name, value] of Object.entries(request.headers)) if (!NOT_SENT.has(name)) headers[name] = value
  const answer = await upstream.request({ method: request.method, path: request.url.slice(4), headers, body: request.body })
  reply.code(answer.statusCode)
  for (const [name, value] of Object.entries(answer.headers)) if (!HOP_BY_HOP.has(name)) reply.header(name, value)
  return reply.send(answer.body)
})

await app.listen({ port: Number(PORT), host: '127.0.0.1' })
