// A demo's state in the address: what is written can be read, and nothing else gets in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  choice,
  flag,
  number,
  readFragment,
  rows,
  startState,
  writeFragment,
} from '../../../live/js/demos/lib/state.js';

const FIELDS = {
  w: number({ start: 0.5, min: -3, max: 3, step: 0.1 }),
  far: number({ start: 0, min: -3, max: 3, step: 0.1, limit: 100 }),
  answer: choice('sigmoid', ['sigmoid', 'step']),
  shown: flag(false),
  points: rows({
    start: [[1, 2]],
    columns: [number({ min: -5, max: 5 }), number({ min: -5, max: 5 })],
    least: 1,
    most: 3,
  }),
};
const START = startState(FIELDS);
const read = (/** @type {string} */ text) => readFragment(`#demo-x:${text}`, 'x', FIELDS);

test('what is written is read again', () => {
  /** @type {typeof START} */
  const state = {
    w: -1.25,
    far: 77.5,
    answer: 'step',
    shown: true,
    points: [
      [1.5, -2],
      [0, 1e-5],
    ],
  };
  assert.deepEqual(readFragment(writeFragment('x', FIELDS, state), 'x', FIELDS), state);
});

test('the start writes nothing', () => {
  assert.equal(writeFragment('x', FIELDS, START), '#demo-x:');
});

test('a fragment about something else is not read', () => {
  for (const hash of ['', '#', '#demo-x', '#demo-y:w=1', '#demo-xx:w=1', '#summary']) {
    assert.equal(readFragment(hash, 'x', FIELDS), null);
  }
});

test('hostile values are ignored, one by one', () => {
  const numbers = [
    'NaN',
    'Infinity',
    '-Infinity',
    '1e999',
    '1e9',
    '3.1',
    '0x10',
    '',
    ' 1',
    '1,2',
    '--1',
    '1'.repeat(50),
    '%00',
    'constructor',
    '<b>',
    'null',
    '1e-999',
  ];
  for (const value of numbers) assert.deepEqual(read(`w=${value}&shown=1`), { ...START, shown: true }, value);
  for (const value of ['', 'Step', 'toString', '__proto__'])
    assert.deepEqual(read(`answer=${value}`), START, value);
  for (const value of ['2', 'true', '', '__proto__', 'toString']) {
    assert.deepEqual(read(`shown=${value}`), START, value);
  }
  for (const value of ['', '1', '1,2,3', '1,NaN', '1,6', '_', '1,2_', '1,1_1,1_1,1_1,1', '1,2;3,4']) {
    assert.deepEqual(read(`points=${value}`), START, value);
  }
});

test('names that no field has are ignored', () => {
  const state = read('__proto__=1&constructor=2&toString=3&polluted=4&__proto__[polluted]=5&w=2');
  assert.deepEqual(state, { ...START, w: 2 });
  assert.ok(!('polluted' in {}));
  assert.deepEqual(Object.keys(state), Object.keys(FIELDS));
});

test('a fragment of absurd length is not looked at', () => {
  assert.equal(read(`w=2&x=${'9'.repeat(5000)}`), null);
});

test('states do not share their starts', () => {
  startState(FIELDS).points.push([9, 9]);
  assert.deepEqual(startState(FIELDS).points, [[1, 2]]);
});

test('a number beyond its slider needs a limit', () => {
  assert.equal(read('far=99.5')?.far, 99.5);
  assert.equal(read('far=100.5')?.far, 0);
});
