"""A React app that knows nothing of this repository: what docs/adopting.md and the client's README say, and nothing else.

The client is packed as for a registry and installed from that file. React, Vite and TypeScript are
the workspace's own, by link: nothing is downloaded.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.e2e.processes import ROOT

WEB = ROOT / "web"
README = WEB / "packages/client/README.md"
ADOPTING = ROOT / "docs/adopting.md"
LINKED = ("react", "react-dom", "vite", "typescript", "@types/react", "@types/react-dom")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

INDEX = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Orders</title></head>
<body><main id="root"></main><script type="module" src="/src/main.tsx"></script></body></html>
"""
APP = """import { useState } from 'react'
import { useUser } from '@cookie-bff/client/react'
import { client } from './client'

export function App() {
  const [status, show] = useState(0)
  const call = async () => {
    %s
    show(answer.status)
  }
  return (
    <>
      <h1>Orders of {useUser()?.name}</h1>
      <button onClick={call}>Call</button>
      <output>{status}</output>
      <button onClick={() => client.logout()}>Sign out</button>
    </>
  )
}
"""
VITE = "export default { build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } } }\n"
TSCONFIG = """{ "compilerOptions": { "strict": true, "noEmit": true, "jsx": "react-jsx", "module": "ESNext",
  "moduleResolution": "bundler", "target": "ES2022", "lib": ["ES2023", "DOM"], "types": [], "noUnusedLocals": false },
  "include": ["src", "recipes"] }
"""
# What the recipes take for granted: an application around them, and TanStack Query's two names.
AROUND = """import { createBffClient, BffError, messageFor, readProblem } from '@cookie-bff/client'
import type { Message } from '@cookie-bff/client'
const client = createBffClient()
interface Lead { readonly id: string }
declare const input: { readonly files: FileList }
declare function show(message: Message): void
declare class QueryClient {
  constructor(options: { defaultOptions: { queries: { retry: (count: number, error: Error) => boolean } } })
  clear(): void
  invalidateQueries(): Promise<void>
}
declare function useQuery<T>(options: {
  queryKey: readonly unknown[]
  queryFn: (context: { signal: AbortSignal }) => Promise<T>
}): { readonly data: T | undefined }
"""
AROUND_REACT = """import { createRoot } from 'react-dom/client'
declare function Spinner(): null
declare function Landing(): null
declare function App(): null
"""


def blocks(page: Path, heading: str) -> list[tuple[str, str]]:
    """Language and text of the code under a heading of a page."""
    text = page.read_text(encoding="utf-8")
    _, found, rest = text.partition(f"# {heading}\n")
    assert found, f"{page.name} has no heading {heading}"
    return BLOCK.findall(re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0])


def make(folder: Path) -> Path:
    """Write, install, check and build it; the folder of the build."""
    app = folder / "orders"
    (app / "src").mkdir(parents=True)
    (app / "recipes").mkdir()
    _install(app)
    _adopt(app)
    _recipes(app)
    _run(app, "node", "node_modules/typescript/bin/tsc", "-p", "tsconfig.json")
    _run(app, "node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
    return app / "dist"


def _install(app: Path) -> None:
    """The packed client, and by link what an app has anyway."""
    client = WEB / "packages/client"
    _run(client, "npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(app))
    (app / "package.json").write_text('{"name":"orders","private":true,"type":"module"}')
    (packed,) = app.glob("*.tgz")
    quiet = ("--offline", "--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps")
    _run(app, "npm", "install", *quiet, f"./{packed.name}")
    for name in LINKED:
        link = app / "node_modules" / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(WEB / "node_modules" / name)


def _adopt(app: Path) -> None:
    """The ten lines of docs/adopting.md."""
    (_, client), (_, around), (_, call) = blocks(ADOPTING, "Ten lines")
    imports = [line for line in around.splitlines() if line.startswith("import ")]
    tree = [line for line in around.splitlines() if line.startswith(("<", " "))]
    main = [
        "import { createRoot } from 'react-dom/client'",
        "import { App } from './App'",
        *imports,
        "createRoot(document.getElementById('root')!).render(",
        *tree,
        ")",
    ]
    files = {
        "src/client.ts": client,
        "src/main.tsx": "\n".join(main),
        "src/App.tsx": APP % call.strip().splitlines()[-1],
        "src/css.d.ts": "declare module '*.css'\n",
        "index.html": INDEX,
        "vite.config.js": VITE,
        "tsconfig.json": TSCONFIG,
    }
    for name, text in files.items():
        (app / name).write_text(text, encoding="utf-8")


def _recipes(app: Path) -> None:
    """The README's five: four to be checked, the one without a bundler to be run."""
    ((_, react),) = blocks(README, "React")
    (app / "recipes/react.tsx").write_text(AROUND_REACT + react, encoding="utf-8")
    for number, heading in enumerate(("TanStack Query", "In the manner of axios", "File upload")):
        ((_, recipe),) = blocks(README, heading)
        (app / f"recipes/recipe{number}.ts").write_text(AROUND + recipe, encoding="utf-8")
    (_, page), (_, script) = blocks(README, "Without a bundler")
    (app / "public").mkdir()
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Plain</title></head>'
    (app / "public/plain.html").write_text(f"{head}<body>{page}</body></html>", encoding="utf-8")
    (app / "public/app.js").write_text(script, encoding="utf-8")


def _run(folder: Path, command: str, *arguments: str) -> None:
    """AssertionError with what it said when it fails."""
    found = shutil.which(command, path=f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{command} is not there"
    env = {**os.environ, "PATH": f"{Path(found).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [found, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} {arguments}\n{done.stdout}\n{done.stderr}"
