import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

declare const process: { readonly env: { readonly VITE_PORT?: string } }

const client = (file: string) => fileURLToPath(new URL(`../../packages/client/src/${file}`, import.meta.url))

export default defineConfig(({ command }) => ({
  plugins: [react()],
  // The page is served under a strict policy: no inline script, no data: address.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
  // In development pages come through the BFF (make dev), and hot reload's WebSocket goes straight here; so do changes of the client.
  ...(command === 'serve' && {
    server: { ws: { host: 'localhost', clientPort: Number(process.env.VITE_PORT ?? 5173) } },
    resolve: {
      alias: [
        { find: '@cookie-bff/client/react', replacement: client('react/index.ts') },
        { find: /^@cookie-bff\/client$/, replacement: client('index.ts') },
      ],
    },
  }),
}))
