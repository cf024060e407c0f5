// What an application loads, bundled as Vite would for it; prints the sizes, and fails when one is over its budget.
//
// core:  what signs in, asks and sends: createBffClient, BffError, readProblem.
// words: messageFor on top of that, for those who use it; the dialogs of ./react do.
// react: all of ./react on top of both.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const ENTRY = '\0entry'

const isReact = (id) => /^react(-dom)?(\/|$)/.test(id)
/** A module that the parts above have brought already. */
const isCore = (id, importer) => id.startsWith('.') && !/[/\\]react[/\\]/.test(resolve(dirname(importer), id))

const parts = [
  { name: 'core', code: "export { createBffClient, BffError, readProblem } from 'client/index.js'", external: () => false, budget: 6_200 },
  { name: 'words', code: "export * from 'client/words.js'", external: () => false, budget: 1_200 },
  {
    name: 'react',
    code: "export * from 'client/react/index.js'",
    external: (id, importer) => isReact(id) || (importer?.startsWith(dist) && isCore(id, importer)),
    budget: 3_000,
  },
]

async function bundle(code, external) {
  const entry = {
    name: 'entry',
    resolveId: (id) => (id === ENTRY ? id : id.startsWith('client/') ? resolve(dist, id.slice(7)) : null),
    load: (id) => (id === ENTRY ? code : null),
  }
  const { output } = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [entry],
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: { input: ENTRY, external, preserveEntrySignatures: 'strict', output: { minify: true } },
    },
  })
  return output.map((chunk) => chunk.code).join('')
}

for (const { name, code, external, budget } of parts) {
  const bundled = await bundle(code, external)
  const gzip = gzipSync(bundled, { level: 9 }).length
  const over = gzip > budget
  if (over) process.exitCode = 1
  console.log(`${name.padEnd(6)} ${bundled.length} B minified, ${gzip} B gzip (budget ${budget} B)${over ? ' OVER' : ''}`)
  if (process.argv.includes('--print')) console.log(bundled)
}
