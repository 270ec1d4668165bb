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
  store.add(
    '',
    JSON.stringify({
      'neuron.1': { outcome: 'pass', hints: 0 },
      'neuron.2': { outcome: 'not yet', hints: 1 },
      'xor.1': { outcome: 'pass', hints: 0 },
    }),
  );
  assert.equal(store.solved('neuron'), 1);
});

test('two tabs that were opened before anything was solved lose nothing of each other', () => {
  const here = storage();
  const [first, second] = [new Store('exercises/xor', here), new Store('exercises/neuron', here)];
  const pass = { outcome: 'pass', hints: 0 };
  assert.ok(first.add('', JSON.stringify({ 'xor.1': pass })));
  assert.ok(second.add('', JSON.stringify({ 'neuron.1': pass, 'xor.2': { outcome: 'not yet', hints: 2 } })));
  assert.ok(first.add(JSON.stringify({ 'xor.1': pass }), JSON.stringify({ 'xor.1': pass, 'xor.2': pass })));
  assert.ok(second.add('', JSON.stringify({ 'xor.1': { outcome: 'not yet', hints: 1 } })));
  assert.deepEqual(JSON.parse(first.progress), {
    'xor.1': { outcome: 'pass', hints: 1 },
    'neuron.1': pass,
    'xor.2': { outcome: 'pass', hints: 2 },
  });
});

test('what another tab has deleted does not come back with the next note', () => {
  const here = storage();
  const [first, second] = [new Store('a', here), new Store('b', here)];
  const before = JSON.stringify({ 'xor.1': { outcome: 'pass', hints: 0 } });
  second.add('', before);
  first.forget();
  const now = JSON.stringify({ ...JSON.parse(before), 'xor.2': { outcome: 'pass', hints: 0 } });
  second.add(before, now);
  assert.deepEqual(Object.keys(JSON.parse(first.progress)), ['xor.2']);
});

test('what a newer version has noted stays', () => {
  const newer = { version: 2, 'xor.1': { outcome: 'pass', hints: 0, seconds: 7 } };
  const here = storage({ 'mininet-course:progress': JSON.stringify(newer) });
  new Store('p', here).add('', JSON.stringify({ 'xor.1': { outcome: 'stopped', hints: 1 } }));
  const kept = { version: 2, 'xor.1': { outcome: 'pass', hints: 1, seconds: 7 } };
  assert.deepEqual(JSON.parse(new Store('p', here).progress), kept);
  assert.equal(
    new Store('p', storage({ 'mininet-course:progress': '{"neuron.1":null}' })).solved('neuron'),
    0,
  );
});

test('a damaged record is left as it is, and that nothing was kept is said', () => {
  for (const damage of ['{', '[1]', '3', 'null']) {
    const here = storage({ 'mininet-course:progress': damage });
    assert.equal(new Store('p', here).add('', '{"xor.1":{"outcome":"pass","hints":0}}'), false);
    assert.equal(here.getItem('mininet-course:progress'), damage);
  }
});

test('that storage is full is said', () => {
  const full = {
    ...storage(),
    length: 0,
    setItem: () => {
      throw new Error('QuotaExceededError');
    },
  };
  assert.equal(new Store('p', full).add('', '{"xor.1":{"outcome":"pass","hints":0}}'), false);
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
  assert.equal(store.add('', '{}'), false);
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
