// The bar at the foot of the page: run all, restart, what Python is doing, and what the reader has solved.
import { Notebook } from './notebook.js';

/** @typedef {{ chapter: string, count: number }} Exercises those of a page, and how many of them are checked. */

const MEGABYTE = 1e6;
const NOT_KEPT =
  'What you have solved could not be kept: this browser’s storage is full, closed or damaged. Save the notebook.';

/** The bar of a page; it says what the kernel does. */
export class Bar {
  #kernel;
  #cells;
  #store;
  #sources;
  #exercises;
  #element;
  #status;
  #progress;
  #restart;
  #solved;
  /** What Python last said of the exercises' record. */
  #told = '';

  /**
   * @param {Document} page
   * @param {import('./python.js').Kernel} kernel
   * @param {import('./cells.js').Cells} cells
   * @param {import('./store.js').Store} store
   * @param {{ sources: string, exercises: Exercises | null }} about the notebook's address, and what can be solved
   */
  constructor(page, kernel, cells, store, { sources, exercises }) {
    this.#kernel = kernel;
    this.#cells = cells;
    this.#store = store;
    this.#sources = sources;
    this.#exercises = exercises;
    this.#element = page.createElement('section');
    this.#element.className = 'live-bar';
    this.#element.setAttribute('aria-label', 'Python in this page');
    this.#status = page.createElement('span');
    this.#status.className = 'live-status';
    this.#status.setAttribute('role', 'status');
    this.#progress = page.createElement('progress');
    this.#progress.setAttribute('aria-label', 'Python is being loaded');
    this.#solved = page.createElement('span');
    this.#solved.className = 'live-solved';
    this.#solved.title = 'Answers in words are not counted.';
    const run = button('▶ Run all', () => cells.runAll().catch(() => {}));
    this.#restart = button('↻ Restart', () => cells.restart());
    this.#restart.title = 'Stop Python and forget all variables';
    this.#element.append(run, this.#restart, this.#progress, this.#status);
    if (exercises) this.#addExercises(page);
    (page.querySelector('article') ?? page.body).append(this.#element);
    kernel.progress = this.#told = store.progress;
    kernel.addEventListener('change', () => this.#show());
    this.#show();
  }

  /** @param {Document} page */
  #addExercises(page) {
    const menu = page.createElement('details');
    menu.className = 'live-own';
    menu.append(
      Object.assign(page.createElement('summary'), { textContent: 'My answers' }),
      button('Save as notebook', () => this.#saveNotebook()),
      button('Export progress', () => download('progress.json', this.#store.progress || '{}')),
      button('Delete all', () => this.#forget()),
    );
    this.#element.append(this.#solved, menu);
    this.#kernel.addEventListener('progress', () => {
      const kept = this.#store.add(this.#told, this.#kernel.progress);
      this.#told = this.#kernel.progress;
      this.#show();
      if (!kept) this.#status.textContent = NOT_KEPT;
    });
    // what is solved or deleted in another tab; a Python that has not started yet begins with it
    window.addEventListener('storage', () => {
      if (this.#kernel.state === 'asleep') this.#kernel.progress = this.#told = this.#store.progress;
      this.#show();
    });
  }

  async #saveNotebook() {
    try {
      const notebook = await Notebook.fetch(this.#sources);
      download(this.#sources.split('/').pop() ?? '', notebook.with(this.#cells.all));
    } catch (problem) {
      const reason = problem instanceof Error ? problem.message : problem;
      this.#status.textContent = `The notebook could not be saved: ${reason}`;
    }
  }

  /** Delete what the reader has done, if that is meant. */
  #forget() {
    const sure =
      'Delete what this browser keeps of the course: solved exercises and changed cells, on all pages?';
    if (!window.confirm(sure)) return;
    this.#store.forget();
    this.#kernel.progress = this.#told = '';
    for (const cell of this.#cells.all) cell.undo();
    this.#cells.restart();
    this.#show();
  }

  #show() {
    const { state, text, bytes } = this.#kernel;
    const size = bytes ? `, ${(bytes / MEGABYTE).toFixed(0)} MB so far` : '';
    const words = {
      asleep: text || 'Python runs in your browser. The first ▶ loads it.',
      starting: `${text} …${size}`,
      ready: 'Python is ready.',
      running: text ? `${text} …` : 'Running … (↻ Restart stops it.)',
      failed: text,
    };
    this.#element.dataset.state = state;
    this.#status.textContent = words[state];
    this.#progress.hidden = state !== 'starting';
    this.#restart.disabled = state === 'asleep' || state === 'failed';
    if (this.#exercises) {
      const { chapter, count } = this.#exercises;
      this.#solved.textContent = `${this.#store.solved(chapter)} of ${count} solved`;
    }
  }
}

/**
 * @param {string} text
 * @param {() => unknown} act
 */
function button(text, act) {
  return Object.assign(document.createElement('button'), { type: 'button', textContent: text, onclick: act });
}

/**
 * Hand the reader a file.
 *
 * @param {string} name
 * @param {string} text
 */
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
