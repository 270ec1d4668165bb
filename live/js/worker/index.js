// The page's Python: a module worker with Pyodide and IPython (the shell of JupyterLite's kernel).
// What comes in and goes out is in ../messages.js.
import { countBytes } from './bytes.js';
import { FILES_FOLDER, Kernel } from './kernel.js';

/** @import { Start, ToPage, ToWorker } from '../messages.js' */

/** @param {ToPage} message */
const post = (message) => self.postMessage(message);

/** @type {Kernel} */
let kernel; // there from 'ready' on; the page sends nothing to run before

/** @param {Start} message */
async function start({ config, progress }) {
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  countBytes((bytes) => post({ type: 'loading', bytes }));
  post({ type: 'loading', text: 'Python' });
  /** @type {typeof import('pyodide')} */
  const { loadPyodide } = await import(config.pyodide);
  const pyodide = await loadPyodide({
    lockFileURL: config.lock,
    env: { HOME: FILES_FOLDER, MPLBACKEND: 'module://matplotlib_inline.backend_inline' },
  });
  const python = elapsed();
  post({ type: 'loading', text: 'Loading Python’s packages' });
  await pyodide.loadPackage(config.packages, { messageCallback: () => {} });
  const packages = elapsed();
  kernel = await Kernel.make(pyodide, config.files, progress, post);
  post({ type: 'ready', marks: { python, packages, ready: elapsed() } });
}

/** @param {ToWorker} message */
async function handle(message) {
  if (message.type === 'start') {
    await start(message);
  } else if (message.type === 'run') {
    await kernel.run(message.id, message.code);
  } else if (message.type === 'comm') {
    kernel.comm(message);
  }
}

// one message after the other: a slider's callback must not run in the middle of a cell
let queue = Promise.resolve();
self.onmessage = (/** @type {MessageEvent<ToWorker>} */ { data: message }) => {
  queue = queue
    .then(() => handle(message))
    .catch((problem) => {
      const id = message.type === 'start' ? undefined : message.id;
      post({ type: 'failed', during: message.type, id, error: String(problem?.message ?? problem) });
    });
};
