import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The page is served under a strict policy: no inline script, no data: address.
export default defineConfig({
  plugins: [react()],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
})
