import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Served by the BFF under its own path and a strict policy: no inline script, no data: address.
export default defineConfig({
  base: '/bff/console/',
  plugins: [react()],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
})
