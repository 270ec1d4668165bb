// The bar at the foot of the page: run all, restart, what Python is doing, and what the reader has solved.
import { Notebook } from './notebook.js';

const MEGABYTE = 1e6;

export class Bar {
  constructor(page, kernel, cells, store, { sources, exercises }) {
    Object.assign(this, { kernel, cells, store, sources, exercises });
    this.element = page.createElement('section');
    this.element.className = 'live-bar';
    this.element.setAttribute('aria-label', 'Python in this page');
    this.status = page.createElement('span');
    this.status.className = 'live-status';
    this.status.setAttribute('role', 'status');
    this.progress = page.createElement('progress');
    this.progress.setAttribute('aria-label', 'Python is being loaded');
    this.runButton = this.button('▶ Run all', () => cells.runAll().catch(() => {}));
    this.restartButton = this.button('↻ Restart', () => cells.restart());
    this.restartButton.title = 'Stop Python and forget all variables';
    this.element.append(this.runButton, this.restartButton, this.progress, this.status);
    if (exercises) this.addExercises(page);
    (page.querySelector('article') ?? page.body).append(this.element);
    kernel.progress = store.progress;
    kernel.addEventListener('change', () => this.show());
    this.show();
  }

  button(text, act) {
    const made = document.createElement('button');
    Object.assign(made, { type: 'button', textContent: text, onclick: act });
    return made;
  }

  addExercises(page) {
    this.solved = page.createElement('span');
    this.solved.className = 'live-solved';
    this.solved.title = 'Answers in words are not counted.';
    const menu = page.createElement('details');
    menu.className = 'live-own';
    menu.append(
      Object.assign(page.createElement('summary'), { textContent: 'My answers' }),
      this.button('Save as notebook', () => this.saveNotebook()),
      this.button('Export progress', () => download('progress.json', this.store.progress || '{}')),
      this.button('Delete all', () => this.forget()),
    );
    this.element.append(this.solved, menu);
    this.kernel.addEventListener('progress', () => {
      this.store.progress = this.kernel.progress;
      this.show();
    });
  }

  async saveNotebook() {
    try {
      const notebook = await Notebook.fetch(this.sources);
      download(this.sources.split('/').pop(), notebook.with(this.cells.all));
    } catch (problem) {
      this.status.textContent = `The notebook could not be saved: ${problem.message}`;
    }
  }

  forget() {
    const sure =
      'Delete what this browser keeps of the course: solved exercises and changed cells, on all pages?';
    if (!window.confirm(sure)) return;
    this.store.forget();
    this.kernel.progress = '';
    for (const cell of this.cells.all) cell.undo();
    this.cells.restart();
    this.show();
  }

  show() {
    const { state, text, bytes } = this.kernel;
    const size = bytes ? `, ${(bytes / MEGABYTE).toFixed(0)} MB so far` : '';
    const words = {
      asleep: text || 'Python runs in your browser. The first ▶ loads it.',
      starting: `${text} …${size}`,
      ready: 'Python is ready.',
      running: text ? `${text} …` : 'Running … (↻ Restart stops it.)',
      failed: text,
    };
    this.element.dataset.state = state;
    this.status.textContent = words[state];
    this.progress.hidden = state !== 'starting';
    this.restartButton.disabled = state === 'asleep' || state === 'failed';
    if (this.solved) {
      const { chapter, count } = this.exercises;
      this.solved.textContent = `${this.store.solved(chapter)} of ${count} solved`;
    }
  }
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
