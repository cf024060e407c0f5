import { copyFileSync } from 'node:fs'

const here = import.meta.url
copyFileSync(new URL('../src/react/styles.css', here), new URL('../dist/react/styles.css', here))
