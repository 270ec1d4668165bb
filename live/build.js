// Bundles the page's scripts into live/static/, as classic scripts: modules do not load on pages opened from disk.
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const js = join(here, 'js');
/** @satisfies {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  minify: true,
  target: 'es2022',
  legalComments: 'linked',
  define: { global: 'globalThis' }, // Node's name, which a package expects its bundler to know
  logLevel: 'warning',
  outdir: join(here, 'static'),
};
const demos = readdirSync(join(js, 'demos'), { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.js') && entry.name !== 'frame.js')
  .map(({ name }) => ({ in: join(js, 'demos', name), out: `demos/${basename(name, '.js')}` }));

await build({
  ...common,
  format: 'iife',
  entryPoints: [
    { in: join(js, 'page', 'index.js'), out: 'live' },
    { in: join(js, 'page', 'catalogue.js'), out: 'catalogue' },
    { in: join(js, 'page', 'editor.js'), out: 'editor' },
    { in: join(js, 'page', 'predict.js'), out: 'predict' },
    { in: join(js, 'page', 'widgets.js'), out: 'widgets' },
    ...demos,
  ],
  // the widgets' style sheet names old forms of its icon font, which no browser of today asks for
  loader: { '.woff2': 'dataurl', '.svg': 'empty', '.woff': 'empty', '.ttf': 'empty', '.eot': 'empty' },
});
// Python's worker is a module: it imports Pyodide by an address that only the page knows
await build({
  ...common,
  format: 'esm',
  entryPoints: [{ in: join(js, 'worker', 'index.js'), out: 'worker' }],
});
