// Bundles each entry as Vite would for an application, prints its size, and fails when one is over its budget.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const core = here('../dist/index.js')

/** Bytes after minify and gzip. */
const parts = [{ name: 'core', entry: core, external: () => false, budget: 6_500 }]

async function bundle(entry, external) {
  const { output } = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: { input: entry, external, preserveEntrySignatures: 'strict', output: { minify: true } },
    },
  })
  return output.map((chunk) => chunk.code).join('')
}

for (const { name, entry, external, budget } of parts) {
  const code = await bundle(entry, external)
  const gzip = gzipSync(code, { level: 9 }).length
  const over = gzip > budget
  if (over) process.exitCode = 1
  console.log(`${name.padEnd(6)} ${code.length} B minified, ${gzip} B gzip (budget ${budget} B)${over ? ' OVER' : ''}`)
  if (process.argv.includes('--print')) console.log(code)
}
