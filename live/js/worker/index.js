// The page's Python: a module worker with Pyodide and IPython (the shell of JupyterLite's kernel).
//
// Messages in: {type: 'start', config, progress} · {type: 'run', id, code} · {type: 'comm', id, …}
// Messages out: 'loading' {text, bytes} · 'ready' {milliseconds} · 'output' {parent, kind, content} ·
// 'comm' {…} · 'progress' {text} · 'done' {id, status} · 'failed' {during, error}
import { countBytes } from './bytes.js';
import { FILES_FOLDER, Kernel } from './kernel.js';

const post = (message) => self.postMessage(message);
let kernel;

async function start({ config, progress }) {
  const began = performance.now();
  const marks = {};
  countBytes((bytes) => post({ type: 'loading', bytes }));
  post({ type: 'loading', text: 'Python' });
  const { loadPyodide } = await import(config.pyodide);
  const python = await loadPyodide({
    lockFileURL: config.lock,
    env: { HOME: FILES_FOLDER, MPLBACKEND: 'module://matplotlib_inline.backend_inline' },
  });
  marks.python = performance.now() - began;
  post({ type: 'loading', text: 'Loading Python’s packages' });
  await python.loadPackage(config.packages, { messageCallback: () => {} });
  marks.packages = performance.now() - began;
  kernel = await Kernel.make(python, config.files, progress, post);
  marks.ready = performance.now() - began;
  post({ type: 'ready', marks });
}

// one message after the other: a slider's callback must not run in the middle of a cell
let queue = Promise.resolve();
self.onmessage = ({ data: message }) => {
  queue = queue
    .then(() => handle(message))
    .catch((problem) => {
      const error = String(problem?.message ?? problem);
      post({ type: 'failed', during: message.type, id: message.id, error });
    });
};

async function handle(message) {
  if (message.type === 'start') {
    await start(message);
  } else if (message.type === 'run') {
    await kernel.run(message.id, message.code);
  } else if (message.type === 'comm') {
    kernel.comm(message);
  }
}
