// The page's code cells: a ▶ and an editor on each, their order, and what depends on what.
import { loadScript } from './load.js';

const SIGNS = {
  waiting: 'waits for the cells above',
  running: 'running …',
  done: '✓ done',
  error: '✗ stopped by an error',
  stopped: 'stopped',
};

export class Cells {
  constructor(page, kernel, store, editor) {
    this.kernel = kernel;
    const elements = [...page.querySelectorAll('div.cell')].filter((cell) =>
      cell.querySelector('.cell_input pre'),
    );
    this.all = elements.map((element, i) => new Cell(this, element, i + 1, store, editor));
    this.queue = Promise.resolve();
    this.generation = 0;
  }

  /** Run a cell, first those above it that have not run; after it the pictures that follow it. */
  run(cell) {
    const index = this.all.indexOf(cell);
    const above = this.all.slice(0, index).filter((earlier) => earlier.state !== 'done');
    const followers = this.all.slice(index + 1);
    const last = followers.findIndex((later) => !later.follows);
    return this.runThese([...above, cell, ...followers.slice(0, last < 0 ? undefined : last)], cell);
  }

  runAll() {
    return this.runThese(this.all);
  }

  /** Run cells one after the other; an error ends it, and the pressed one says so. Presses during a run wait. */
  runThese(cells, pressed) {
    const { generation } = this;
    for (const cell of cells) if (cell.state !== 'running') cell.show('waiting');
    const turn = this.queue.then(async () => {
      let state = 'done';
      try {
        for (const cell of cells) {
          state = generation === this.generation ? await cell.execute() : 'stopped';
          if (state !== 'done') break;
        }
      } finally {
        // those after an error, or after a failed start, wait for nothing
        const failed = cells.find((cell) => cell.state === 'error');
        for (const cell of cells) {
          if (cell.state !== 'waiting') continue;
          cell.show('');
          if (cell === pressed && failed) cell.blame(failed);
        }
      }
      return state;
    });
    this.queue = turn.catch(() => {});
    return turn;
  }

  /** Run code that is on no cell, and show what it gives below one. */
  aside(cell, code) {
    this.queue = this.queue
      .then(() => cell.execute(code))
      .catch(() => {})
      .then(() => cell.show(''));
    return this.queue;
  }

  restart() {
    this.generation += 1;
    this.kernel.restart();
    for (const cell of this.all) cell.show('');
  }
}

class Cell {
  constructor(cells, element, number, store, editor) {
    this.cells = cells;
    this.element = element;
    this.number = number;
    this.store = store;
    this.editorScript = editor;
    this.state = '';
    this.follows = element.classList.contains('tag_follows');
    this.input = element.querySelector('.cell_input');
    this.pre = this.input.querySelector('pre');
    this.original = this.pre.textContent.replace(/\n+$/, '');
    this.markup = this.pre.innerHTML;
    this.alt = element.querySelector('.cell_output img')?.alt;
    this.addTools();
    if (element.classList.contains('tag_explorer')) this.addHint();
    const kept = store.changed(this.original);
    if (kept !== undefined) this.pre.textContent = kept;
    this.noteChange();
  }

  addTools() {
    // what is written on a button, and for those who do not see where it stands, of which cell
    const button = (text, act) => {
      const made = Object.assign(document.createElement('button'), {
        type: 'button',
        textContent: text,
        onclick: act,
      });
      const where = Object.assign(document.createElement('span'), { className: 'visually-hidden' });
      where.textContent = ` (code cell ${this.number})`;
      made.append(where);
      return made;
    };
    this.tools = document.createElement('div');
    this.tools.className = 'live-tools';
    this.runButton = button('▶ Run', () => this.cells.run(this).catch(() => {}));
    this.runButton.className = 'live-run';
    this.editButton = button('Edit', () => this.edit());
    this.undoButton = button('Undo my changes', () => this.undo());
    this.sign = document.createElement('span');
    this.sign.className = 'live-sign';
    this.tools.append(this.runButton, this.editButton, this.undoButton, this.sign);
    const checked = this.original.match(/^check\("([\w.-]+)"/)?.[1];
    if (checked) {
      const code = `from mininet_course import hint\nhint("${checked}")`;
      this.sign.before(button('Hint', () => this.cells.aside(this, code)));
    }
    // below the code; of folded code the tools stay in sight
    (this.input.closest('details') ?? this.input).after(this.tools);
    this.pre.addEventListener('dblclick', () => this.edit());
  }

  /** A still explorer looks as if it could be moved: say how. */
  addHint() {
    const output = this.element.querySelector(':scope > .cell_output');
    if (!output) return;
    this.hint = document.createElement('p');
    this.hint.className = 'live-hint';
    const drawnBefore = output.querySelector('.frames');
    this.hint.textContent = drawnBefore
      ? 'Drawn beforehand, so one control alone. Press ▶ Run above it, and all of them work here.'
      : 'A still of an interactive figure. Press ▶ Run above it, and its controls work here.';
    output.before(this.hint);
  }

  get code() {
    return this.editor?.text() ?? this.store.changed(this.original) ?? this.original;
  }

  async edit() {
    const details = this.input.closest('details');
    if (details) details.open = true;
    if (!this.editor) {
      const text = this.code;
      await loadScript(this.editorScript);
      const host = document.createElement('div');
      host.className = 'live-editor';
      this.pre.closest('div[class*=highlight-]').after(host);
      this.input.classList.add('live-edited');
      this.editor = window.liveEditor.open(host, text, `Code cell ${this.number}`, {
        changed: (words) => {
          this.store.keep(this.original, words);
          this.noteChange();
        },
        run: () => this.cells.run(this).catch(() => {}),
      });
    }
    this.editor.focus();
  }

  undo() {
    this.store.keep(this.original, undefined);
    if (this.editor) this.editor.replace(this.original);
    this.pre.innerHTML = this.markup;
    this.noteChange();
    this.runButton.focus();
  }

  noteChange() {
    const changed = this.code !== this.original;
    this.undoButton.hidden = !changed;
    this.element.classList.toggle('live-changed', changed);
    if (this.state === 'done') this.show('');
  }

  show(state) {
    this.state = state;
    this.element.dataset.live = state;
    this.sign.textContent = SIGNS[state] ?? '';
    this.runButton.disabled = state === 'running' || state === 'waiting';
  }

  /** Say that this cell was not run because of another one above, and lead there. */
  blame({ number, element }) {
    const link = document.createElement('button');
    Object.assign(link, {
      type: 'button',
      className: 'live-link',
      textContent: `code cell ${number}, above`,
    });
    link.onclick = () => element.scrollIntoView({ block: 'center' });
    this.sign.replaceChildren('✗ not run: an error stopped ', link);
  }

  async execute(code = this.code) {
    let output = this.element.querySelector(':scope > .cell_output');
    if (!output) {
      output = document.createElement('div');
      output.className = 'cell_output docutils container';
      this.element.append(output);
    }
    this.show('running');
    try {
      // the old output stands until Python is there: a failed start must not empty the page
      await this.cells.kernel.start();
    } catch (problem) {
      this.show('');
      throw problem;
    }
    this.hint?.remove();
    output.classList.add('live-output');
    const status = await this.cells.kernel.run(code, output, this.alt);
    this.show({ ok: 'done', stopped: 'stopped' }[status] ?? 'error');
    return this.state;
  }
}
