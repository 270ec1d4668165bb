// Runs cells and widgets' messages in IPython, and sends what comes of them to the page.

/** @import { PyProxy } from 'pyodide/ffi' */
/** @import { CommContent, CommToPython, Display, JSONObject, Output, PythonError } from '../messages.js' */
/** @import { PythonConfig, ToPage } from '../messages.js' */

/**
 * What Python hands to JavaScript: strings, numbers and booleans as they are, everything else as a proxy.
 *
 * @template T
 * @typedef {T | PyProxy} FromPython
 */

/** @typedef {Omit<PythonError, 'traceback'> & { traceback: string[] | null }} Failure */
/** @typedef {{ status: 'ok' } | ({ status: 'error' } & Failure)} Reply of the shell to a cell */

const PRINT_EVERY = 50; // milliseconds

/** Where the reader's Python works. */
export const FILES_FOLDER = '/home/reader';
const PROGRESS = `${FILES_FOLDER}/progress.json`;

/** The one shell of a worker. */
export class Kernel {
  #python;
  #post;
  #progress;
  #inner;
  #dumps;
  #printed = { name: 'stdout', text: '', sent: 0 };
  /** @type {string | null} the message that is being answered */
  #parent = null;

  /**
   * Return a kernel whose files are in place and which has imported its shell.
   *
   * @param {import('pyodide').PyodideAPI} python
   * @param {PythonConfig['files']} files
   * @param {string} progress the exercises' record, '' for none
   * @param {(message: ToPage) => void} post
   */
  static async make(python, files, progress, post) {
    python.FS.mkdirTree(FILES_FOLDER);
    for (const { path, url } of files) {
      const folder = `${FILES_FOLDER}/${path}`.replace(/\/[^/]*$/, '');
      python.FS.mkdirTree(folder);
      // fetched when first read: most pages never do
      python.FS.createLazyFile(folder, path.split('/').pop() ?? path, url, true, false);
    }
    if (progress) python.FS.writeFile(PROGRESS, progress);
    await python.runPythonAsync(`
import os
os.environ["MININET_PROGRESS"] = ${JSON.stringify(PROGRESS)}
os.chdir(${JSON.stringify(FILES_FOLDER)})
import pyodide_kernel, ipywidgets
`);
    return new Kernel(python, post, progress);
  }

  /**
   * @param {import('pyodide').PyodideAPI} python
   * @param {(message: ToPage) => void} post
   * @param {string} progress
   */
  constructor(python, post, progress) {
    const module = python.pyimport('pyodide_kernel');
    this.#python = python;
    this.#post = post;
    this.#progress = progress;
    this.#inner = module.kernel_instance;
    this.#dumps = python.pyimport('json').dumps;
    this.#listen(module);
  }

  /**
   * Run a cell; 'done' tells the page how it ended.
   *
   * @param {string} id
   * @param {string} code
   */
  async run(id, code) {
    this.#answerTo(id);
    const messageCallback = (/** @type {string} */ text) => {
      if (text.startsWith('Loading ')) this.#post({ type: 'loading', text: 'Loading what the cell imports' });
    };
    await this.#python.loadPackagesFromImports(code, { messageCallback });
    this.#post({ type: 'loading', text: '' });
    const reply = this.#plain(/** @type {FromPython<Reply>} */ (await this.#inner.run(code)));
    this.#flush();
    if (reply.status === 'error') {
      const { ename, evalue, traceback } = reply;
      const content = { ename, evalue, traceback: traceback ?? [] };
      this.#post({ type: 'output', parent: id, kind: 'error', content });
    }
    this.#tellProgress();
    this.#post({ type: 'done', id, status: reply.status });
  }

  /**
   * Hand a widget's message to Python.
   *
   * @param {CommToPython} message
   */
  comm({ id, kind, content, metadata, buffers }) {
    this.#answerTo(id);
    const message = this.#python.toPy({ content, metadata: metadata ?? {}, header: { msg_id: id } });
    message.set('buffers', this.#python.toPy(buffers ?? []));
    const handlers = this.#inner.comm_manager;
    const handle = {
      comm_open: handlers.comm_open,
      comm_close: handlers.comm_close,
      comm_msg: handlers.comm_msg,
    };
    handle[kind](null, null, message);
    this.#flush();
    this.#post({ type: 'done', id, status: 'ok' });
  }

  /**
   * A value of Python's as JavaScript's; through JSON, because a converted None would be undefined.
   *
   * @template T
   * @param {FromPython<T>} value
   * @returns {T}
   */
  #plain(value) {
    const proxy = /** @type {PyProxy | undefined} */ (value);
    return proxy?.toJs ? JSON.parse(this.#dumps(value)) : /** @type {T} */ (value);
  }

  /**
   * Send everything that IPython shows to the page.
   *
   * @param {PyProxy} module
   */
  #listen(module) {
    const shell = module.ipython_shell;
    /** @param {Output} output */
    const post = (output) => {
      this.#flush();
      this.#post({ type: 'output', parent: this.#parent, ...output });
    };
    /**
     * @param {FromPython<JSONObject>} data
     * @param {FromPython<JSONObject | null>} metadata
     */
    const bundle = (data, metadata) => ({ data: this.#plain(data), metadata: this.#plain(metadata) ?? {} });
    /**
     * @param {'display_data' | 'update_display_data'} kind
     * @returns {(data: FromPython<JSONObject>, metadata: FromPython<JSONObject | null>,
     *   transient: FromPython<Display['transient'] | null>) => void}
     */
    const show = (kind) => (data, metadata, transient) =>
      post({ kind, content: { ...bundle(data, metadata), transient: this.#plain(transient) ?? {} } });
    for (const stream of [module.stdout_stream, module.stderr_stream]) {
      stream.publish_stream_callback = (
        /** @type {FromPython<string>} */ name,
        /** @type {FromPython<string>} */ text,
      ) => this.#print(this.#plain(name), this.#plain(text));
    }
    shell.display_pub.clear_output_callback = (/** @type {unknown} */ wait) =>
      post({ kind: 'clear_output', content: { wait: Boolean(wait) } });
    shell.display_pub.display_data_callback = show('display_data');
    shell.display_pub.update_display_data_callback = show('update_display_data');
    shell.displayhook.publish_execution_result = (
      /** @type {number} */ count,
      /** @type {FromPython<JSONObject>} */ data,
      /** @type {FromPython<JSONObject | null>} */ metadata,
    ) => post({ kind: 'execute_result', content: bundle(data, metadata) });
    shell.send_comm = (
      /** @type {CommToPython['kind']} */ kind,
      /** @type {FromPython<CommContent>} */ content,
      /** @type {FromPython<JSONObject>} */ metadata,
      /** @type {unknown} */ ident,
      /** @type {PyProxy | undefined} */ buffers,
    ) => {
      this.#flush();
      /** @type {Uint8Array[]} */
      const views = buffers?.toJs?.() ?? [];
      this.#post({
        type: 'comm',
        parent: this.#parent,
        kind,
        content: this.#plain(content),
        metadata: this.#plain(metadata),
        buffers: Array.from(views, (bytes) => new Uint8Array(bytes).slice().buffer),
      });
    };
  }

  /**
   * Collect what is printed: one message a line would freeze the page.
   *
   * @param {string} name
   * @param {string} text
   */
  #print(name, text) {
    if (name !== this.#printed.name) this.#flush();
    this.#printed.name = name;
    this.#printed.text += text;
    const now = performance.now();
    if (now - this.#printed.sent > PRINT_EVERY) {
      this.#flush();
      this.#printed.sent = now;
    }
  }

  /** Send what has been printed, before anything that comes after it. */
  #flush() {
    const { name, text } = this.#printed;
    if (!text) return;
    this.#printed.text = '';
    this.#post({ type: 'output', parent: this.#parent, kind: 'stream', content: { name, text } });
  }

  /**
   * What comes from now on belongs to this message.
   *
   * @param {string} id
   */
  #answerTo(id) {
    this.#flush();
    this.#parent = id;
    this.#inner._parent_header = this.#python.toPy({ header: { msg_id: id } });
  }

  /** Tell the page what the exercises' record holds now, if it has changed. */
  #tellProgress() {
    const { exists } = this.#python.FS.analyzePath(PROGRESS);
    const text = exists ? this.#python.FS.readFile(PROGRESS, { encoding: 'utf8' }) : '';
    if (text !== this.#progress) {
      this.#progress = text;
      this.#post({ type: 'progress', text });
    }
  }
}
