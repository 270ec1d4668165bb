// The page's end of the Python worker: starts it on the first press, sends cells, hands out what comes back.
import { loadScript, loadStyle } from './load.js';
import { OutputArea, toOutputWidget } from './outputs.js';

/** @import { JSONObject, JSONValue } from '@lumino/coreutils' */
/** @import { ICallbacks } from '@jupyter-widgets/base' */
/** @import { KernelMessage } from '@jupyterlab/services' */
/** @import { CommFromPython, CommKind, Marks, PythonConfig, ToPage, ToWorker } from '../messages.js' */

/** @typedef {'asleep' | 'starting' | 'ready' | 'running' | 'failed'} State */
/** @typedef {'ok' | 'error' | 'stopped'} Ending how a run ended */
/** @typedef {PythonConfig & { worker: string, widgets: { script: string, style: string } }} KernelConfig */
/**
 * What waits for the answer to a message: a cell's outputs and its end, or a widget that Python is idle again.
 *
 * @typedef {object} Waiting
 * @property {OutputArea} [area]
 * @property {(ending: Ending) => void} [resolve]
 * @property {() => void} [idle]
 */
/** @typedef {ArrayBuffer[] | ArrayBufferView[]} Buffers */

const FROM_DISK =
  'Running Python needs a web server, and this page is open from disk. Read it online, or type “make serve” in the ' +
  'course’s folder. Text, pictures, frames and demos work here too.';
const TOO_OLD =
  'This browser cannot run Python (it lacks module workers or WebAssembly). A browser of the last two years can; ' +
  'everything else on the page works.';

/** A start that was refused, with a sentence for the reader. */
class Refusal extends Error {}

/** A start that the reader stopped with ↻. */
class Restarted extends Error {}

/**
 * The sentence for a start that failed: what happened and what to do.
 *
 * @param {string} problem
 */
export function sentence(problem) {
  return (
    `Python could not start: ${problem}. Its files did not arrive whole; perhaps you are offline, or something ` +
    'blocks them. Press ▶ to try again. The rest of the page works without it.'
  );
}

/** The page's Python. Emits 'change' when its state changes, 'progress' when the exercises' record does. */
export class Kernel extends EventTarget {
  /** @type {State} */
  state = 'asleep';
  /** What it is doing, or why it failed. */
  text = '';
  /** How much has been downloaded. */
  bytes = 0;
  /** The exercises' record, as Python writes it. */
  progress = '';
  /** How long the start took, in milliseconds. */
  startTime = 0;
  /** @type {Marks | undefined} the same in parts, as the worker saw it */
  marks;
  #config;
  /** @type {Map<string, Waiting>} by the message's id */
  #waiting = new Map();
  /** @type {Map<string, Comm>} */
  #comms = new Map();
  /** @type {Promise<void>} one after the other: an output may need a moment to be drawn */
  #incoming = Promise.resolve();
  /** @type {Promise<void> | null} */
  #starting = null;
  /** @type {import('./widgets.js').LiveManager | null} */
  #manager = null;
  /** @type {Worker | null} */
  #worker = null;
  /** @type {(() => void) | null} ends the wait for a Python that is starting and was stopped meanwhile */
  #stopWaiting = null;

  /** @param {KernelConfig} config */
  constructor(config) {
    super();
    this.#config = config;
  }

  /** Start Python unless it is there already; a failure tells the reader why, and may be tried again. */
  start() {
    this.#starting ??= this.#begin().catch((problem) => {
      if (problem instanceof Restarted) throw problem; // all is forgotten already, and said
      this.#worker?.terminate();
      this.#forget();
      this.#tell('failed', problem instanceof Refusal ? problem.message : sentence(problem.message));
      throw problem;
    });
    return this.#starting;
  }

  /**
   * Run code and show what it gives.
   *
   * @param {string} code
   * @param {Element} element where
   * @param {string} [alt] describes pictures
   * @returns {Promise<Ending>}
   */
  async run(code, element, alt) {
    await this.start();
    const area = new OutputArea(element, this.#started(), alt);
    const id = crypto.randomUUID();
    this.#tell('running');
    /** @type {Ending} */
    const ending = await new Promise((resolve) => {
      this.#waiting.set(id, { area, resolve });
      this.#post({ type: 'run', id, code });
    });
    if (ending !== 'stopped') this.#tell('ready');
    return ending;
  }

  /** Stop Python, whatever it does, and forget everything it knew; the next run starts it again. */
  restart() {
    this.#worker?.terminate();
    const waiting = [...this.#waiting.values()];
    const stopWaiting = this.#stopWaiting;
    this.#forget();
    stopWaiting?.();
    for (const { resolve } of waiting) resolve?.('stopped');
    this.#tell('asleep', 'Python was restarted: it knows nothing of the cells above any more.');
  }

  /**
   * Messages that Python sends to a widget go to this comm from now on.
   *
   * @param {Comm} comm
   */
  connect(comm) {
    this.#comms.set(comm.comm_id, comm);
  }

  /** @param {Comm} comm */
  disconnect(comm) {
    this.#comms.delete(comm.comm_id);
  }

  /**
   * Send a widget's message.
   *
   * @param {Extract<ToWorker, { type: 'comm' }>} message
   * @param {() => void} idle called when Python has dealt with it
   */
  sendComm(message, idle) {
    this.#waiting.set(message.id, { idle });
    this.#post(message);
  }

  /** Back to before the first start; the exercises' record stays. */
  #forget() {
    this.state = 'asleep';
    this.text = '';
    this.bytes = 0;
    this.#waiting = new Map();
    this.#comms = new Map();
    this.#incoming = Promise.resolve();
    this.#starting = null;
    this.#manager = null;
    this.#worker = null;
    this.#stopWaiting = null;
  }

  /**
   * @param {State} state
   * @param {string} [text]
   */
  #tell(state, text = '') {
    this.state = state;
    this.text = text;
    this.dispatchEvent(new Event('change'));
  }

  /** Start Python; rejects if that fails. */
  async #begin() {
    if (location.protocol === 'file:') throw new Refusal(FROM_DISK);
    if (!window.WebAssembly || !window.Worker || !HTMLScriptElement.supports?.('module')) {
      throw new Refusal(TOO_OLD);
    }
    this.#tell('starting', 'Starting Python');
    const began = performance.now();
    const { LiveManager } = await this.#widgets();
    this.#manager = new LiveManager(this);
    const worker = new Worker(this.#config.worker, { type: 'module' });
    this.#worker = worker;
    /** @type {Promise<void>} */
    const ready = new Promise((resolve, reject) => {
      this.#stopWaiting = () => reject(new Restarted());
      worker.onerror = (event) => reject(new Error(event.message || 'the worker did not load'));
      worker.onmessage = (/** @type {MessageEvent<ToPage>} */ { data: message }) => {
        if (message.type === 'ready') {
          this.marks = message.marks;
          resolve();
        } else if (message.type === 'failed' && message.during === 'start') {
          reject(new Error(message.error));
        } else {
          this.#receive(message);
        }
      };
    });
    const { pyodide, lock, packages, files } = this.#config;
    this.#post({ type: 'start', config: { pyodide, lock, packages, files }, progress: this.progress });
    await ready;
    this.startTime = performance.now() - began;
    this.#tell('ready');
  }

  /** Load the script that draws widgets, on the first press only; it is as large as the rest of the page. */
  async #widgets() {
    const { script, style } = this.#config.widgets;
    await Promise.all([loadScript(script), loadStyle(style)]);
    return window.liveWidgets;
  }

  /** The manager, which is there as soon as Python is. */
  #started() {
    if (!this.#manager) throw new Error('Python has not started');
    return this.#manager;
  }

  /** @param {ToWorker} message */
  #post(message) {
    this.#worker?.postMessage(message);
  }

  /** @param {ToPage} message */
  #receive(message) {
    if (message.type === 'loading') {
      if (message.bytes) this.bytes = message.bytes;
      this.#tell(this.state, message.text ?? this.text);
    } else if (message.type === 'progress') {
      this.progress = message.text;
      this.dispatchEvent(new Event('progress'));
    } else {
      const waiting = this.#waiting;
      this.#incoming = this.#incoming
        .then(() => this.#deliver(message, waiting))
        .catch((problem) => console.error('live:', problem));
    }
  }

  /**
   * @param {ToPage} message
   * @param {Map<string, Waiting>} waiting those of the Python that sent it: it may have been restarted since
   */
  async #deliver(message, waiting) {
    if (message.type === 'output') {
      if (await toOutputWidget(this.#started(), message)) return;
      await waiting.get(message.parent ?? '')?.area?.add(message);
    } else if (message.type === 'comm') {
      await this.#deliverComm(message);
    } else if (message.type === 'failed') {
      const run = waiting.get(message.id ?? '');
      const content = { ename: 'Python', evalue: message.error, traceback: [] };
      await run?.area?.add({ kind: 'error', content });
      run?.resolve?.('error');
      waiting.delete(message.id ?? '');
    } else if (message.type === 'done') {
      const run = waiting.get(message.id);
      waiting.delete(message.id);
      run?.idle?.();
      run?.resolve?.(message.status);
    }
  }

  /** @param {CommFromPython} message */
  async #deliverComm({ kind, content, metadata, buffers, parent }) {
    const message = {
      content,
      metadata: metadata ?? {},
      buffers: (buffers ?? []).map((buffer) => new DataView(buffer)),
      parent_header: { msg_id: parent },
      header: {},
    };
    if (kind === 'comm_open') {
      const comm = new Comm(this, content.target_name, content.comm_id);
      if (content.target_name !== 'jupyter.widget') return;
      // the manager's type asks for a whole header, of which it reads nothing
      const opening = /** @type {KernelMessage.ICommOpenMsg} */ (/** @type {unknown} */ (message));
      await this.#started().handle_comm_open(comm, opening);
    } else {
      const comm = this.#comms.get(content.comm_id);
      await (kind === 'comm_msg' ? comm?.onMessage?.(message) : comm?.onClose?.(message));
    }
  }
}

/** One widget's line to Python, in the form that Jupyter's widget manager expects. */
export class Comm {
  #kernel;
  /** @type {((message: object) => unknown) | undefined} */
  onMessage;
  /** @type {((message: object) => unknown) | undefined} */
  onClose;

  /**
   * @param {Kernel} kernel
   * @param {string} target
   * @param {string} [id] that of a line which Python opened
   */
  constructor(kernel, target, id) {
    this.#kernel = kernel;
    this.target_name = target;
    this.comm_id = id ?? crypto.randomUUID();
    kernel.connect(this);
  }

  /** @param {(message: object) => unknown} handler */
  on_msg(handler) {
    this.onMessage = handler;
  }

  /** @param {(message: object) => unknown} handler */
  on_close(handler) {
    this.onClose = handler;
  }

  /**
   * @param {JSONValue} [data]
   * @param {ICallbacks} [callbacks]
   * @param {JSONObject} [metadata]
   * @param {Buffers} [buffers]
   */
  open(data, callbacks, metadata, buffers) {
    return this.#post('comm_open', data, callbacks, metadata, buffers);
  }

  /**
   * @param {JSONValue} [data]
   * @param {ICallbacks} [callbacks]
   * @param {JSONObject} [metadata]
   * @param {Buffers} [buffers]
   */
  send(data, callbacks, metadata, buffers) {
    return this.#post('comm_msg', data, callbacks, metadata, buffers);
  }

  /**
   * @param {JSONValue} [data]
   * @param {ICallbacks} [callbacks]
   * @param {JSONObject} [metadata]
   * @param {Buffers} [buffers]
   */
  close(data, callbacks, metadata, buffers) {
    this.#kernel.disconnect(this);
    return this.#post('comm_close', data, callbacks, metadata, buffers);
  }

  /**
   * @param {CommKind} kind
   * @param {JSONValue} [data]
   * @param {ICallbacks} [callbacks]
   * @param {JSONObject} [metadata]
   * @param {Buffers} [buffers]
   */
  #post(kind, data, callbacks, metadata, buffers) {
    const id = crypto.randomUUID();
    const message = { content: { execution_state: 'idle' }, header: {}, parent_header: { msg_id: id } };
    // the manager's type asks for a whole header, of which it reads nothing
    const status = /** @type {KernelMessage.IStatusMsg} */ (/** @type {unknown} */ (message));
    this.#kernel.sendComm(
      {
        type: 'comm',
        id,
        kind,
        metadata,
        content: { comm_id: this.comm_id, target_name: this.target_name, data: data ?? {} },
        buffers: (buffers ?? []).map((buffer) => ('buffer' in buffer ? buffer.buffer : buffer)),
      },
      () => callbacks?.iopub?.status?.(status),
    );
    return id;
  }
}
