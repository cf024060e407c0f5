// What an application loads, bundled as Vite would for it; prints the sizes, and fails when one is over its budget.
//
// core:      what a page loads first: createBffClient, BffError, readProblem.
// companion: what the core loads by itself after the first answer: time, other tabs, session events, activity, the sign-in window.
// react:     all of ./react, without React and the core.
// words:     messageFor; ./react loads it by itself, an application may import it.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const ENTRY = resolve(dist, 'what-an-application-imports.js')

const isReact = (id) => /^react(-dom)?(\/|$)/.test(id)
/** A module that the core brings: not one of ./react, and not the words. */
const isCore = (id, importer) => id.startsWith('.') && !/[/\\]react[/\\]|words\.js$/.test(resolve(dirname(importer), id))

const CORE = "export { createBffClient, BffError, readProblem } from 'client/index.js'"
const REACT = "export * from 'client/react/index.js'"
const ofReact = (id, importer) => isReact(id) || (importer?.startsWith(dist) && isCore(id, importer))

const [core, companion] = await bundle(CORE, () => false)
const [react, words] = await bundle(REACT, ofReact)

report('core', core, 5_000)
report('companion', companion, 2_000)
report('react', react, 3_000)
report('words', words, 1_300)

/** The code that `code` brings at once, and the code that comes later. */
async function bundle(code, external) {
  const entry = {
    name: 'entry',
    resolveId: (id) => (id === ENTRY ? id : id.startsWith('client/') ? resolve(dist, id.slice(7)) : null),
    load: (id) => (id === ENTRY ? code : null),
  }
  const [{ output }] = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [entry],
    build: {
      write: false,
      target: 'es2022',
      // As a library: an application that has lazy parts gets a loader from Vite besides (0.6 kB, once, whosever parts they are).
      lib: { entry: ENTRY, formats: ['es'] },
      rollupOptions: { external, preserveEntrySignatures: 'allow-extension', output: { minify: true } },
    },
  })
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]))
  const first = new Set()
  const take = (name) => {
    if (!chunks.has(name) || first.has(name)) return
    first.add(name)
    chunks.get(name).imports.forEach(take)
  }
  take(output.find((chunk) => chunk.isEntry).fileName)
  const all = (wanted) => [...chunks].filter(([name]) => first.has(name) === wanted).map(([, chunk]) => chunk.code)
  return [all(true), all(false)]
}

function report(name, chunks, budget) {
  const gzip = chunks.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).length, 0)
  const minified = chunks.reduce((sum, code) => sum + code.length, 0)
  // A part that is not there was not measured.
  const over = gzip > budget || !gzip
  if (over) process.exitCode = 1
  console.log(`${name.padEnd(9)} ${minified} B minified, ${gzip} B gzip (budget ${budget} B)${over ? ' OVER' : ''}`)
  if (process.argv.includes('--print')) console.log(chunks.join('\n'))
}
