// Runs cells and widgets' messages in IPython, and sends what comes of them to the page.

const PRINT_EVERY = 50; // milliseconds
export const FILES_FOLDER = '/home/reader';
const PROGRESS = `${FILES_FOLDER}/progress.json`;

export class Kernel {
  /** Return a kernel whose files are in place and which has imported its shell. */
  static async make(python, files, progress, post) {
    python.FS.mkdirTree(FILES_FOLDER);
    for (const { path, url } of files) {
      const folder = `${FILES_FOLDER}/${path}`.replace(/\/[^/]*$/, '');
      python.FS.mkdirTree(folder);
      // fetched when first read: most pages never do
      python.FS.createLazyFile(folder, path.split('/').pop(), url, true, false);
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

  constructor(python, post, progress) {
    const module = python.pyimport('pyodide_kernel');
    this.python = python;
    this.post = post;
    this.progress = progress;
    this.inner = module.kernel_instance;
    this.dumps = python.pyimport('json').dumps;
    this.parent = null;
    this.printed = { name: 'stdout', text: '', sent: 0 };
    this.listen(module);
  }

  /** A value of Python's as JavaScript's; through JSON, because a converted None would be undefined. */
  plain(value) {
    return value?.toJs ? JSON.parse(this.dumps(value)) : value;
  }

  /** Send everything that IPython shows to the page. */
  listen(module) {
    const shell = module.ipython_shell;
    const plain = (value) => this.plain(value);
    const output = (kind, content) => {
      this.flush();
      this.post({ type: 'output', parent: this.parent, kind, content });
    };
    const show = (kind) => (data, metadata, transient) =>
      output(kind, { data: plain(data), metadata: plain(metadata) ?? {}, transient: plain(transient) ?? {} });
    for (const stream of [module.stdout_stream, module.stderr_stream]) {
      stream.publish_stream_callback = (name, text) => this.print(plain(name), plain(text));
    }
    shell.display_pub.clear_output_callback = (wait) => output('clear_output', { wait: Boolean(wait) });
    shell.display_pub.display_data_callback = show('display_data');
    shell.display_pub.update_display_data_callback = show('update_display_data');
    shell.displayhook.publish_execution_result = (count, data, metadata) =>
      output('execute_result', { data: plain(data), metadata: plain(metadata) ?? {} });
    shell.send_comm = (kind, content, metadata, ident, buffers) => {
      this.flush();
      const copies = Array.from(buffers?.toJs?.() ?? [], (bytes) => new Uint8Array(bytes).slice().buffer);
      const message = { kind, content: plain(content), metadata: plain(metadata), buffers: copies };
      this.post({ type: 'comm', parent: this.parent, ...message });
    };
  }

  /** Collect what is printed: one message a line would freeze the page. */
  print(name, text) {
    if (name !== this.printed.name) this.flush();
    this.printed.name = name;
    this.printed.text += text;
    const now = performance.now();
    if (now - this.printed.sent > PRINT_EVERY) {
      this.flush();
      this.printed.sent = now;
    }
  }

  flush() {
    const { name, text } = this.printed;
    if (!text) return;
    this.printed.text = '';
    this.post({ type: 'output', parent: this.parent, kind: 'stream', content: { name, text } });
  }

  answerTo(id) {
    this.flush();
    this.parent = id;
    this.inner._parent_header = this.python.toPy({ header: { msg_id: id } });
  }

  async run(id, code) {
    this.answerTo(id);
    const messageCallback = (text) => {
      if (text.startsWith('Loading ')) this.post({ type: 'loading', text: 'Loading what the cell imports' });
    };
    await this.python.loadPackagesFromImports(code, { messageCallback });
    this.post({ type: 'loading', text: '' });
    const reply = this.plain(await this.inner.run(code));
    this.flush();
    if (reply.status === 'error') {
      const { ename, evalue, traceback } = reply;
      const content = { ename, evalue, traceback: traceback ?? [] };
      this.post({ type: 'output', parent: id, kind: 'error', content });
    }
    this.tellProgress();
    this.post({ type: 'done', id, status: reply.status });
  }

  comm({ id, kind, content, metadata, buffers }) {
    this.answerTo(id);
    const message = this.python.toPy({ content, metadata: metadata ?? {}, header: { msg_id: id } });
    message.set('buffers', this.python.toPy(buffers ?? []));
    const handlers = this.inner.comm_manager;
    const handle = {
      comm_open: handlers.comm_open,
      comm_close: handlers.comm_close,
      comm_msg: handlers.comm_msg,
    };
    handle[kind](null, null, message);
    this.flush();
    this.post({ type: 'done', id, status: 'ok' });
  }

  /** Tell the page what the exercises' record holds now, if it has changed. */
  tellProgress() {
    const { exists } = this.python.FS.analyzePath(PROGRESS);
    const text = exists ? this.python.FS.readFile(PROGRESS, { encoding: 'utf8' }) : '';
    if (text !== (this.progress ?? '')) {
      this.progress = text;
      this.post({ type: 'progress', text });
    }
  }
}
