// The table of all exercises: which rows are wanted, and what the reader's record says of one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { state, wanted } from '../../../live/js/page/catalogue.js';

/** @type {import('../../../live/js/page/catalogue.js').Row} */
const row = {
  text: 'three gates by hand set a vote’s weights neuron.1',
  chapter: 'A single neuron',
  kind: 'numbers',
  level: 'easy',
  minutes: 10,
  state: 'tried',
};
const any = { words: '', chapter: '', kind: '', level: '', minutes: '', state: '' };

test('an empty wish wants every row', () => {
  assert.ok(wanted(row, any));
});

test('every word must be there, in any order and case', () => {
  assert.ok(wanted(row, { ...any, words: 'HAND  gates' }));
  assert.ok(wanted(row, { ...any, words: 'neuron.1' }));
  assert.ok(!wanted(row, { ...any, words: 'gates foot' }));
});

test('each filter keeps what it names and nothing else', () => {
  for (const [name, right, wrong] of [
    ['chapter', 'A single neuron', 'XOR'],
    ['kind', 'numbers', 'code'],
    ['level', 'easy', 'hard'],
    ['minutes', '10', '5'],
    ['state', 'open', 'solved'],
  ]) {
    assert.ok(wanted(row, { ...any, [name]: right }), name);
    assert.ok(!wanted(row, { ...any, [name]: wrong }), name);
  }
  assert.ok(wanted({ ...row, state: 'solved' }, { ...any, state: 'solved' }));
});

test('passing counts as solved, any other outcome as tried, a newer version’s too', () => {
  assert.equal(state('pass'), 'solved');
  assert.equal(state('pass with distinction'), 'tried');
  assert.equal(state(''), 'new');
});
