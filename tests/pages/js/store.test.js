// What the live page keeps in the browser, and the notebook that it makes of the reader's changes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Notebook } from '../../../live/js/page/notebook.js';
import { Store } from '../../../live/js/page/store.js';

/**
 * A stand-in for a browser's localStorage.
 *
 * @param {Record<string, string>} content
 */
function storage(content = {}) {
  const kept = new Map(Object.entries(content));
  return {
    get length() {
      return kept.size;
    },
    key: (/** @type {number} */ i) => [...kept.keys()][i],
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem(/** @type {string} */ name, /** @type {string} */ value) {
      kept.set(name, String(value));
    },
    removeItem(/** @type {string} */ name) {
      kept.delete(name);
    },
  };
}

test('a changed cell is kept under its original text, and an undone change is not', () => {
  const here = storage();
  new Store('book/xor', here).keep('x = 1', 'x = 2');
  assert.equal(new Store('book/xor', here).changed('x = 1'), 'x = 2');
  assert.equal(new Store('book/layers', here).changed('x = 1'), undefined);
  new Store('book/xor', here).keep('x = 1', 'x = 1');
  assert.equal(new Store('book/xor', here).changed('x = 1'), undefined);
});

test('solved exercises are counted for their own chapter only', () => {
  const store = new Store('exercises/neuron', storage());
  assert.equal(store.solved('neuron'), 0);
  store.progress = JSON.stringify({
    'neuron.1': { outcome: 'pass', hints: 0 },
    'neuron.2': { outcome: 'not yet', hints: 1 },
    'xor.1': { outcome: 'pass', hints: 0 },
  });
  assert.equal(store.solved('neuron'), 1);
});

test('damaged storage counts as empty', () => {
  const here = storage({ 'mininet-course:progress': '{', 'mininet-course:cells:p': '[1' });
  const store = new Store('p', here);
  assert.equal(store.solved('neuron'), 0);
  assert.equal(store.changed('x'), undefined);
  store.keep('x', 'y');
  assert.equal(store.changed('x'), 'y');
});

test('a browser that forbids storage is no error', () => {
  const forbidden = new Proxy(
    {},
    {
      get() {
        throw new Error('SecurityError');
      },
    },
  );
  const store = new Store('p', forbidden);
  store.progress = '{}';
  store.keep('x', 'y');
  store.forget();
  assert.equal(store.progress, '');
});

test('forgetting deletes everything of the course and nothing else', () => {
  const here = storage({ 'mininet-course:progress': '{}', 'mininet-course:cells:p': '{}', mode: 'dark' });
  new Store('p', here).forget();
  assert.deepEqual([here.length, here.key(0)], [1, 'mode']);
});

test('the notebook holds the changed cells and no outputs', () => {
  /** @type {{ cells: import('../../../live/js/page/notebook.js').NotebookCell[] }} */
  const content = {
    cells: [
      { cell_type: 'markdown', source: ['# T'] },
      { cell_type: 'code', source: ['x = 1\n', 'x'], outputs: [{}], execution_count: 3 },
      { cell_type: 'code', source: 'y = 2', outputs: [], execution_count: 4 },
    ],
  };
  /** @type {typeof content} */
  const made = JSON.parse(
    new Notebook(content).with([
      { original: 'x = 1\nx', code: 'x = 5' },
      { original: 'y = 2', code: 'y = 2' },
    ]),
  );
  assert.deepEqual(
    made.cells.map((cell) => cell.source),
    [['# T'], 'x = 5', 'y = 2'],
  );
  assert.deepEqual(made.cells[1].outputs, []);
  assert.equal(content.cells[1].outputs?.length, 1);
});
