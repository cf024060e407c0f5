import { existsSync } from 'node:fs'
import { playwright } from '@vitest/browser-playwright'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** The system's own browser, as for the end-to-end tests. */
const executablePath = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
)

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
args.push('--disable-component-update', '--disable-sync')

/** An API for real requests: `/api/echo?key=…&refuse=N` refuses N times, the way the server does, then answers with what it received. */
function echo(): Plugin {
  const seen = new Map<string, number>()
  return {
    name: 'echo',
    configureServer(server) {
      server.middlewares.use('/api/echo', (request, response) => {
        const query = new URL(request.url ?? '', 'http://localhost').searchParams
        const key = query.get('key') ?? ''
        const times = (seen.get(key) ?? 0) + 1
        seen.set(key, times)
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => parts.push(part))
        request.on('end', () => {
          const refused = times <= Number(query.get('refuse'))
          if (refused) {
            response.statusCode = 503
            response.setHeader('BFF-Error', 'refresh_in_progress')
            response.setHeader('BFF-Forwarded', 'no')
          }
          const body = Buffer.concat(parts)
          response.setHeader('Content-Type', 'application/json')
          response.end(
            JSON.stringify({
              times,
              method: request.method,
              headers: request.headers,
              size: body.length,
              text: body.length < 10_000 ? body.toString('utf8') : '',
            }),
          )
        })
      })
    },
  }
}

export default defineConfig({
  plugins: [echo()],
  optimizeDeps: { include: ['react', 'react-dom/client', 'react/jsx-runtime', 'react/jsx-dev-runtime', 'axe-core'] },
  test: {
    coverage: {
      include: ['src/replay.ts', 'src/reaction.ts'],
      reporter: ['text'],
      // Every branch of the replay table has a test.
      thresholds: { branches: 100, functions: 100, lines: 100 },
    },
    projects: [
      { extends: true, test: { name: 'pure', include: ['tests/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/*.test.{ts,tsx}'],
          testTimeout: 30_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              // What fades in has no contrast yet.
              contextOptions: { reducedMotion: 'reduce' },
              launchOptions: { args, ...(executablePath ? { executablePath } : {}) },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
