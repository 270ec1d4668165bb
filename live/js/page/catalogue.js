// The table of all exercises: a search, filters, and what the reader has solved in this browser.
import { Store } from './store.js';

/**
 * A row of the table, as it is searched and filtered.
 *
 * @typedef {object} Row
 * @property {string} text its words, in small letters
 * @property {string} chapter
 * @property {string} kind
 * @property {string} level
 * @property {number} minutes
 * @property {State} state
 */

/** @typedef {'solved' | 'tried' | 'new'} State */
/** @typedef {{ words: string, chapter: string, kind: string, level: string, minutes: string, state: string }} Wish */

const NAMES = { solved: '✓ solved', tried: 'tried', new: '' };
const COLUMNS = /** @type {const} */ (['exercise', 'chapter', 'kind', 'level', 'minutes']);

/**
 * What the reader's record says of an exercise.
 *
 * @param {string} outcome the last outcome; '' if there is none
 * @returns {State}
 */
export function state(outcome) {
  if (outcome === 'pass') return 'solved';
  return outcome ? 'tried' : 'new';
}

/**
 * Whether a row is wanted: it has every word, and is what each filter asks for; an empty filter asks for nothing.
 *
 * @param {Row} row
 * @param {Wish} wish
 */
export function wanted(row, wish) {
  const words = wish.words.toLowerCase().split(/\s+/);
  return (
    words.every((word) => row.text.includes(word)) &&
    (!wish.chapter || row.chapter === wish.chapter) &&
    (!wish.kind || row.kind === wish.kind) &&
    (!wish.level || row.level === wish.level) &&
    (!wish.minutes || row.minutes <= Number(wish.minutes)) &&
    (!wish.state || (wish.state === 'solved') === (row.state === 'solved'))
  );
}

/**
 * Bring the table to life.
 *
 * @param {HTMLTableElement} table
 * @param {Store} store
 */
function begin(table, store) {
  const head = /** @type {HTMLTableRowElement} */ (table.tHead?.rows[0]);
  head.append(Object.assign(document.createElement('th'), { textContent: 'Yours', scope: 'col' }));
  const rows = Array.from(table.tBodies[0].rows, (element) => read(element, store));
  const form = document.createElement('form');
  form.className = 'catalogue-filters';
  form.setAttribute('role', 'search');
  form.setAttribute('aria-label', 'Exercises');
  const words = Object.assign(document.createElement('input'), { type: 'search', name: 'words' });
  const every = (/** @type {'chapter' | 'kind' | 'level'} */ name) => [
    ...new Set(rows.map(({ row }) => row[name])),
  ];
  form.append(
    labelled('Search', words),
    labelled('Chapter', choice('chapter', every('chapter'))),
    labelled('Kind', choice('kind', every('kind'))),
    labelled('Level', choice('level', every('level'))),
    labelled(
      'At most',
      choice('minutes', ['5', '10', '15', '20', '30'], (n) => `${n} minutes`),
    ),
    labelled(
      'Yours',
      choice('state', ['open', 'solved'], (s) => (s === 'open' ? 'not yet solved' : s)),
    ),
  );
  const count = Object.assign(document.createElement('p'), { className: 'catalogue-count' });
  count.setAttribute('role', 'status');
  table.before(form, count);
  const show = () => {
    const values = Object.fromEntries(new FormData(form));
    const wish = /** @type {Wish} */ (values);
    for (const { element, row } of rows) element.hidden = !wanted(row, wish);
    const shown = rows.filter(({ element }) => !element.hidden).map(({ row }) => row);
    const solved = shown.filter((row) => row.state === 'solved').length;
    const minutes = shown.reduce((sum, row) => sum + row.minutes, 0);
    count.textContent = shown.length
      ? `${shown.length} of ${rows.length} exercises, about ${duration(minutes)}; ${solved} solved.`
      : 'No exercise is like that. Take a filter away, or a word.';
  };
  form.addEventListener('input', show);
  form.addEventListener('submit', (event) => event.preventDefault());
  show();
}

/**
 * @param {number} minutes
 */
function duration(minutes) {
  return minutes < 100 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}

/**
 * Read a row, and add the cell that says what the reader has done.
 *
 * @param {HTMLTableRowElement} element
 * @param {Store} store
 */
function read(element, store) {
  const cells = Array.from(element.cells, (cell) => cell.innerText.trim());
  const said = Object.fromEntries(COLUMNS.map((name, i) => [name, cells[i]]));
  const name = element.querySelector('a')?.dataset.exercise ?? '';
  const done = state(store.outcome(name));
  element.append(Object.assign(document.createElement('td'), { textContent: NAMES[done] }));
  element.dataset.state = done;
  /** @type {Row} */
  const row = {
    text: `${cells.join(' ')} ${name}`.toLowerCase(),
    chapter: said.chapter,
    kind: said.kind,
    level: said.level,
    minutes: Number(said.minutes),
    state: done,
  };
  return { element, row };
}

/**
 * @param {string} text
 * @param {HTMLElement} control
 */
function labelled(text, control) {
  const label = document.createElement('label');
  label.append(`${text} `, control);
  return label;
}

/**
 * A menu of these values, and of none.
 *
 * @param {string} name
 * @param {string[]} values
 * @param {(value: string) => string} say
 */
function choice(name, values, say = (value) => value) {
  const menu = Object.assign(document.createElement('select'), { name });
  menu.append(new Option('any', ''), ...values.map((value) => new Option(say(value), value)));
  return menu;
}

if (typeof document !== 'undefined') {
  const table = document.querySelector('.catalogue table');
  if (table) begin(/** @type {HTMLTableElement} */ (table), new Store(''));
}
