// The page's code cells: a ▶ and an editor on each, their order, and what depends on what.
import { loadScript } from './load.js';

/** @import { Editor } from './editor.js' */
/** @import { Kernel } from './python.js' */
/** @import { Store } from './store.js' */

const SIGNS = {
  '': '',
  waiting: 'waits for the cells above',
  running: 'running …',
  done: '✓ done',
  error: '✗ stopped by an error',
  stopped: 'stopped',
};

/** @typedef {keyof typeof SIGNS} CellState */

/** All cells of a page, in their order. */
export class Cells {
  #kernel;
  /** @type {Promise<unknown>} what has been pressed so far */
  #queue = Promise.resolve();
  /** Counts restarts: what was pressed before one does not run after it. */
  #generation = 0;

  /**
   * @param {Document} page
   * @param {Kernel} kernel
   * @param {Store} store
   * @param {string} editor the address of the editor's script
   */
  constructor(page, kernel, store, editor) {
    this.#kernel = kernel;
    const tools = { cells: this, kernel, store, editor };
    /** @type {NodeListOf<HTMLElement>} */
    const found = page.querySelectorAll('div.cell');
    this.all = [...found]
      .flatMap((element) => {
        const input = /** @type {HTMLElement | null} */ (element.querySelector('.cell_input'));
        const pre = input?.querySelector('pre');
        return input && pre ? [{ element, input, pre }] : [];
      })
      .map((parts, i) => new Cell(tools, parts, i + 1));
  }

  /**
   * Run a cell, first those above it that have not run; after it the pictures that follow it.
   *
   * @param {Cell} cell
   */
  run(cell) {
    const index = this.all.indexOf(cell);
    const above = this.all.slice(0, index).filter((earlier) => earlier.state !== 'done');
    const followers = this.all.slice(index + 1);
    const last = followers.findIndex((later) => !later.follows);
    return this.runThese([...above, cell, ...followers.slice(0, last < 0 ? undefined : last)], cell);
  }

  /** Run every cell. */
  runAll() {
    return this.runThese(this.all);
  }

  /**
   * Run cells one after the other; an error ends it, and the pressed one says so. Presses during a run wait.
   *
   * @param {Cell[]} cells
   * @param {Cell} [pressed]
   * @returns {Promise<CellState>} that of the last one that ran
   */
  runThese(cells, pressed) {
    const generation = this.#generation;
    for (const cell of cells) if (cell.state !== 'running') cell.show('waiting');
    const turn = this.#queue.then(async () => {
      /** @type {CellState} */
      let state = 'done';
      try {
        for (const cell of cells) {
          state = generation === this.#generation ? await cell.execute() : 'stopped';
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
    this.#queue = turn.catch(() => {});
    return turn;
  }

  /**
   * Run code that is on no cell, and show what it gives below one.
   *
   * @param {Cell} cell
   * @param {string} code
   */
  aside(cell, code) {
    this.#queue = this.#queue
      .then(() => cell.execute(code))
      .catch(() => {})
      .then(() => cell.show(''));
    return this.#queue;
  }

  /** Stop Python and forget what has run. */
  restart() {
    this.#generation += 1;
    this.#kernel.restart();
    for (const cell of this.all) cell.show('');
  }
}

/** One code cell; its elements are those of the book's page, and stay where they are. */
class Cell {
  /** @type {CellState} */
  state = '';
  #tools;
  #input;
  #pre;
  #markup;
  #alt;
  #runButton;
  #undoButton;
  #sign = Object.assign(document.createElement('span'), { className: 'live-sign' });
  /** @type {HTMLElement | undefined} */
  #hint;
  /** @type {Editor | undefined} from the first edit on */
  #editor;

  /**
   * @param {{ cells: Cells, kernel: Kernel, store: Store, editor: string }} tools
   * @param {{ element: HTMLElement, input: HTMLElement, pre: HTMLElement }} parts
   * @param {number} number from 1, among the page's code cells
   */
  constructor(tools, { element, input, pre }, number) {
    this.element = element;
    this.number = number;
    this.follows = element.classList.contains('tag_follows');
    /** The code as the book has it. */
    this.original = pre.textContent.replace(/\n+$/, '');
    this.#tools = tools;
    this.#input = input;
    this.#pre = pre;
    this.#markup = pre.innerHTML;
    /** @type {HTMLImageElement | null} */
    const picture = element.querySelector('.cell_output img');
    this.#alt = picture?.alt;
    this.#runButton = this.#button('▶ Run', () => this.#run());
    this.#runButton.className = 'live-run';
    this.#undoButton = this.#button('Undo my changes', () => this.undo());
    this.#addTools();
    if (element.classList.contains('tag_explorer')) this.#addHint();
    const kept = tools.store.changed(this.original);
    if (kept !== undefined) pre.textContent = kept;
    this.#noteChange();
  }

  /** The code as it is now. */
  get code() {
    return this.#editor?.text() ?? this.#tools.store.changed(this.original) ?? this.original;
  }

  /** Take back what the reader has changed. */
  undo() {
    this.#tools.store.keep(this.original, undefined);
    this.#editor?.replace(this.original);
    this.#pre.innerHTML = this.#markup;
    this.#noteChange();
    this.#runButton.focus();
  }

  /**
   * Show a state, '' for none.
   *
   * @param {CellState} state
   */
  show(state) {
    this.state = state;
    this.element.dataset.live = state;
    this.#sign.textContent = SIGNS[state];
    this.#runButton.disabled = state === 'running' || state === 'waiting';
  }

  /**
   * Say that this cell was not run because of another one above, and lead there.
   *
   * @param {Cell} other
   */
  blame({ number, element }) {
    const link = document.createElement('button');
    const textContent = `code cell ${number}, above`;
    Object.assign(link, { type: 'button', className: 'live-link', textContent });
    link.onclick = () => element.scrollIntoView({ block: 'center' });
    this.#sign.replaceChildren('✗ not run: an error stopped ', link);
  }

  /**
   * Run the cell, or other code in its place, and return its state afterwards.
   *
   * @param {string} code
   */
  async execute(code = this.code) {
    const { kernel } = this.#tools;
    const output = this.#output() ?? document.createElement('div');
    if (!output.parentNode) {
      output.className = 'cell_output docutils container';
      this.element.append(output);
    }
    this.show('running');
    try {
      // the old output stands until Python is there: a failed start must not empty the page
      await kernel.start();
    } catch (problem) {
      this.show('');
      throw problem;
    }
    this.#hint?.remove();
    output.classList.add('live-output');
    const ending = await kernel.run(code, output, this.#alt);
    this.show(ending === 'ok' ? 'done' : ending === 'stopped' ? 'stopped' : 'error');
    return this.state;
  }

  /** The reader has pressed this very cell: what it gives is shown. A run of all cells opens no fold. */
  #run() {
    const fold = this.#output()?.closest('details');
    if (fold) fold.open = true;
    this.#tools.cells.run(this).catch(() => {});
  }

  /**
   * A button: what is written on it, and for those who do not see where it stands, of which cell.
   *
   * @param {string} text
   * @param {() => unknown} act
   */
  #button(text, act) {
    const made = document.createElement('button');
    Object.assign(made, { type: 'button', textContent: text, onclick: act });
    const where = Object.assign(document.createElement('span'), { className: 'visually-hidden' });
    where.textContent = ` (code cell ${this.number})`;
    made.append(where);
    return made;
  }

  /** The row of buttons. */
  #addTools() {
    const row = document.createElement('div');
    row.className = 'live-tools';
    const edit = this.#button('Edit', () => this.#edit());
    row.append(this.#runButton, edit, this.#undoButton, this.#sign);
    const checked = this.original.match(/^check\("([\w.-]+)"/)?.[1];
    if (checked) {
      const code = `from mininet_course import hint\nhint("${checked}")`;
      this.#sign.before(this.#button('Hint', () => this.#tools.cells.aside(this, code)));
    }
    // below the code; of folded code the tools stay in sight
    (this.#input.closest('details') ?? this.#input).after(row);
    this.#pre.addEventListener('dblclick', () => this.#edit());
  }

  /** A still explorer looks as if it could be moved: say how. */
  #addHint() {
    const output = this.#output();
    if (!output) return;
    this.#hint = document.createElement('p');
    this.#hint.className = 'live-hint';
    const drawnBefore = output.querySelector('.frames');
    this.#hint.textContent = drawnBefore
      ? 'Drawn beforehand, so one control alone. Press ▶ Run above it, and all of them work here.'
      : 'A still of an interactive figure. Press ▶ Run above it, and its controls work here.';
    output.before(this.#hint);
  }

  /**
   * Where the cell's output stands, if it has any; in a fold where a prediction comes first.
   *
   * @returns {Element | null}
   */
  #output() {
    return this.element.querySelector('.cell_output');
  }

  /** Put an editor in the code's place; its script is loaded for the first one. */
  async #edit() {
    const details = this.#input.closest('details');
    if (details) details.open = true;
    if (!this.#editor) {
      const { store, editor } = this.#tools;
      const text = this.code;
      await loadScript(editor);
      const host = document.createElement('div');
      host.className = 'live-editor';
      this.#pre.closest('div[class*=highlight-]')?.after(host);
      this.#input.classList.add('live-edited');
      this.#editor = window.liveEditor.open(host, text, `Code cell ${this.number}`, {
        changed: (words) => {
          store.keep(this.original, words);
          this.#noteChange();
        },
        run: () => this.#run(),
      });
    }
    this.#editor.focus();
  }

  /** Show whether the code is the book's; what has run is not done any more once it is changed. */
  #noteChange() {
    const changed = this.code !== this.original;
    this.#undoButton.hidden = !changed;
    this.element.classList.toggle('live-changed', changed);
    if (this.state === 'done') this.show('');
  }
}
