// Brings a page to life: a ▶ on every code cell, run in the reader's own browser, and the bar that goes with it.
import { Bar } from './bar.js';
import { Cells } from './cells.js';
import { Kernel } from './python.js';
import { Store } from './store.js';

/** @import { PythonConfig } from '../messages.js' */

/**
 * What live/__init__.py writes into a page; addresses are relative to `root`.
 *
 * @typedef {object} PageConfig
 * @property {string} root
 * @property {string} page the page's name
 * @property {string} sources the page as a notebook
 * @property {import('./bar.js').Exercises | null} exercises
 * @property {string} worker
 * @property {{ script: string, style: string }} widgets
 * @property {string} editor
 */

function begin() {
  const element = document.getElementById('live-config');
  if (!element || !document.querySelector('div.cell .cell_input pre')) return;
  /** @type {PageConfig & PythonConfig} */
  const config = JSON.parse(element.textContent);
  const root = new URL(config.root, document.baseURI);
  const absolute = (/** @type {string} */ address) => new URL(address, root).href;
  const kernel = new Kernel({
    worker: absolute(config.worker),
    widgets: { script: absolute(config.widgets.script), style: absolute(config.widgets.style) },
    pyodide: absolute(config.pyodide),
    lock: absolute(config.lock),
    packages: config.packages,
    files: config.files.map(({ path, url }) => ({ path, url: absolute(url) })),
  });
  const store = new Store(config.page);
  const cells = new Cells(document, kernel, store, absolute(config.editor));
  const bar = new Bar(document, kernel, cells, store, {
    sources: absolute(config.sources),
    exercises: config.exercises,
  });
  // for tests, and for the curious in the browser's console
  window.live = { kernel, cells, bar, store };
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
else begin();
