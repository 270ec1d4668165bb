// The page's end of the Python worker: starts it on the first press, sends cells, hands out what comes back.
import { loadScript, loadStyle } from './load.js';
import { OutputArea, toOutputWidget } from './outputs.js';

const FROM_DISK =
  'Running Python needs a web server, and this page is open from disk. Read it online, or type “make serve” in the ' +
  'course’s folder. Text, pictures, frames and demos work here too.';
const TOO_OLD =
  'This browser cannot run Python (it lacks module workers or WebAssembly). A browser of the last two years can; ' +
  'everything else on the page works.';

/** The sentence for a start that failed: what happened and what to do. */
export function sentence(problem) {
  return (
    `Python could not start: ${problem}. Its files did not arrive whole; perhaps you are offline, or something ` +
    'blocks them. Press ▶ to try again. The rest of the page works without it.'
  );
}

/**
 * Emits 'change' when its state changes.
 * state: 'asleep' | 'starting' | 'ready' | 'running' | 'failed'
 */
export class Kernel extends EventTarget {
  constructor(config) {
    super();
    this.config = config;
    this.progress = '';
    this.forget();
  }

  forget() {
    this.state = 'asleep';
    this.text = '';
    this.bytes = 0;
    this.runs = new Map();
    this.comms = new Map();
    this.incoming = Promise.resolve();
    this.starting = null;
    this.manager = null;
    this.worker = null;
  }

  tell(state, text = '') {
    this.state = state;
    this.text = text;
    this.dispatchEvent(new Event('change'));
  }

  /** Start Python unless it is there already; a failure tells the reader why, and may be tried again. */
  start() {
    this.starting ??= this.begin().catch((problem) => {
      this.worker?.terminate();
      this.forget();
      this.tell('failed', problem.sentence ?? sentence(problem.message));
      throw problem;
    });
    return this.starting;
  }

  async begin() {
    const refuse = (words) => {
      throw Object.assign(new Error(words), { sentence: words });
    };
    if (location.protocol === 'file:') refuse(FROM_DISK);
    if (!window.WebAssembly || !window.Worker || !HTMLScriptElement.supports?.('module')) refuse(TOO_OLD);
    this.tell('starting', 'Starting Python');
    const began = performance.now();
    const { LiveManager } = await this.widgets();
    this.manager = new LiveManager(this);
    this.worker = new Worker(this.config.worker, { type: 'module' });
    await new Promise((resolve, reject) => {
      this.worker.onerror = (event) => reject(new Error(event.message || 'the worker did not load'));
      this.worker.onmessage = ({ data }) => {
        if (data.type === 'ready') {
          this.marks = data.marks;
          resolve();
        } else if (data.type === 'failed' && data.during === 'start') {
          reject(new Error(data.error));
        } else {
          this.receive(data);
        }
      };
      this.worker.postMessage({ type: 'start', config: this.config, progress: this.progress });
    });
    this.startTime = performance.now() - began;
    this.tell('ready');
  }

  /** Load the script that draws widgets, on the first press only; it is as large as the rest of the page. */
  async widgets() {
    const { script, style } = this.config.widgets;
    await Promise.all([loadScript(script), loadStyle(style)]);
    return window.liveWidgets;
  }

  /** Run code and show what it gives in the element; return 'ok', 'error' or 'stopped'. `alt` describes pictures. */
  async run(code, element, alt) {
    await this.start();
    const id = crypto.randomUUID();
    this.tell('running');
    const status = await new Promise((resolve) => {
      this.runs.set(id, { area: new OutputArea(element, this.manager, alt), resolve });
      this.worker.postMessage({ type: 'run', id, code });
    });
    if (status !== 'stopped') this.tell('ready');
    return status;
  }

  /** Stop Python, whatever it does, and forget everything it knew; the next run starts it again. */
  restart() {
    this.worker?.terminate();
    const waiting = [...this.runs.values()];
    this.forget();
    for (const { resolve } of waiting) resolve?.('stopped');
    this.tell('asleep', 'Python was restarted: it knows nothing of the cells above any more.');
  }

  receive(message) {
    if (message.type === 'loading') {
      if (message.bytes) this.bytes = message.bytes;
      this.tell(this.state, message.text ?? this.text);
    } else if (message.type === 'progress') {
      this.progress = message.text;
      this.dispatchEvent(new Event('progress'));
    } else {
      // one after the other: an output may need a moment to be drawn
      const { runs } = this;
      this.incoming = this.incoming
        .then(() => this.deliver(message, runs))
        .catch((problem) => console.error('live:', problem));
    }
  }

  async deliver(message, runs) {
    if (message.type === 'output') {
      if (await toOutputWidget(this.manager, message)) return;
      await runs.get(message.parent)?.area?.add(message.kind, message.content);
    } else if (message.type === 'comm') {
      await this.deliverComm(message);
    } else if (message.type === 'failed') {
      const run = runs.get(message.id);
      await run?.area?.add('error', { ename: 'Python', evalue: message.error, traceback: [] });
      run?.resolve?.('error');
      runs.delete(message.id);
    } else if (message.type === 'done') {
      const run = runs.get(message.id);
      runs.delete(message.id);
      run?.idle?.();
      run?.resolve?.(message.status);
    }
  }

  async deliverComm({ kind, content, metadata, buffers, parent }) {
    const message = {
      content,
      metadata: metadata ?? {},
      buffers: (buffers ?? []).map((buffer) => new DataView(buffer)),
      parent_header: { msg_id: parent },
      header: {},
    };
    if (kind === 'comm_open') {
      const comm = new Comm(this, content.target_name, content.comm_id);
      if (content.target_name === 'jupyter.widget') await this.manager.handle_comm_open(comm, message);
    } else {
      const comm = this.comms.get(content.comm_id);
      await (kind === 'comm_msg' ? comm?.onMessage?.(message) : comm?.onClose?.(message));
    }
  }
}

/** One widget's line to Python, in the form that Jupyter's widget manager expects. */
export class Comm {
  constructor(kernel, target, id) {
    this.kernel = kernel;
    this.target_name = target;
    this.comm_id = id ?? crypto.randomUUID();
    kernel.comms.set(this.comm_id, this);
  }

  on_msg(handler) {
    this.onMessage = handler;
  }

  on_close(handler) {
    this.onClose = handler;
  }

  open(data, callbacks, metadata, buffers) {
    return this.post('comm_open', data, callbacks, metadata, buffers);
  }

  send(data, callbacks, metadata, buffers) {
    return this.post('comm_msg', data, callbacks, metadata, buffers);
  }

  close(data, callbacks, metadata, buffers) {
    this.kernel.comms.delete(this.comm_id);
    return this.post('comm_close', data, callbacks, metadata, buffers);
  }

  post(kind, data, callbacks, metadata, buffers) {
    const id = crypto.randomUUID();
    const idle = () =>
      callbacks?.iopub?.status?.({
        content: { execution_state: 'idle' },
        header: {},
        parent_header: { msg_id: id },
      });
    this.kernel.runs.set(id, { idle });
    this.kernel.worker?.postMessage({
      type: 'comm',
      id,
      kind,
      metadata,
      content: { comm_id: this.comm_id, target_name: this.target_name, data: data ?? {} },
      buffers: (buffers ?? []).map((buffer) => buffer.buffer ?? buffer),
    });
    return id;
  }
}
