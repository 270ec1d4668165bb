// The demo "xor", beyond its arithmetic: levers, names of points, limits, the atlas's starts, its link.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { footOf, tipOf, weightsAt } from '../../../live/js/demos/lib/lever.js';
import { readFragment, startState, writeFragment } from '../../../live/js/demos/lib/state.js';
import { FIELDS, STARTS, groups, limitsOf, mapStarts, randomStarts } from '../../../live/js/demos/xor.js';

/**
 * @param {number[]} a
 * @param {number[]} b
 */
const near = (a, b) => a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-9, `${a} is not ${b}`));

test('a lever’s foot lies on its line, nearest to the middle', () => {
  near(footOf([1, 0, -2], [0.5, 0.5]), [2, 0.5]);
  near(footOf([20, 20, -10], [0.5, 0.5]), [0.25, 0.25]);
  near(footOf([0, 0, 3], [0.5, 0.5]), [0.5, 0.5]); // no line
});

test('the tip of a lever holds the weights', () => {
  /** @type {import('../../../live/js/demos/lib/lever.js').Line[]} */
  const lines = [
    [1, 0, 0.3],
    [-3, 4, 1],
    [20, 20, -10],
    [0.01, -0.02, 0],
  ];
  for (const weights of lines) {
    const foot = footOf(weights, [0.5, 0.5]);
    near(weightsAt(foot, tipOf(weights, foot, 0.26), 0.26), weights);
  }
});

test('points in one place share a name', () => {
  assert.deepEqual(
    groups(
      [
        [0, 0],
        [1, 1],
        [1, 0.99],
        [0, 1],
      ],
      0.05,
    ),
    [[0], [1, 2], [3]],
  );
  assert.deepEqual(
    groups(
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      0.05,
    ),
    [[0, 1, 2, 3]],
  );
});

test('limits of the hidden space hold its points', () => {
  assert.deepEqual(limitsOf('sigmoid', [[0, 1]]), [-0.15, 1.15]);
  for (const far of [0, 1, 1.4, 7, 300]) assert.ok(limitsOf('relu', [[0, far]])[1] > far);
  assert.ok(limitsOf('relu', [[Infinity, 0]])[1] > 1e5);
});

test('a map changes two weights of the first unit and nothing else', () => {
  const starts = mapStarts([9, 1, 9, 2, 3, 4, 5, 6, 7]);
  assert.equal(starts.length, 400);
  assert.equal(new Set(starts.map(([w11, , w21]) => `${w11} ${w21}`)).size, 400);
  assert.deepEqual(starts[0], [-3.8, 1, 3.8, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(starts.at(-1), [3.8, 1, -3.8, 2, 3, 4, 5, 6, 7]);
});

test('random starts are the same for the same draw, and normal', () => {
  assert.deepEqual(randomStarts(7), randomStarts(7));
  assert.notDeepEqual(randomStarts(7), randomStarts(8));
  const weights = randomStarts(7).flatMap((p) => [0, 1, 2, 3, 6, 7].map((i) => p[i]));
  const mean = weights.reduce((a, b) => a + b) / weights.length;
  const spread = Math.sqrt(weights.reduce((sum, w) => sum + (w - mean) ** 2, 0) / weights.length);
  assert.ok(Math.abs(mean) < 0.06 && Math.abs(spread - 1) < 0.05, `${mean} ${spread}`);
  assert.ok(randomStarts(7).every((p) => p[4] === 0 && p[5] === 0 && p[8] === 0));
});

test('a tile’s start survives the link exactly', () => {
  const start = startState(FIELDS);
  for (const p of [...randomStarts(3), ...mapStarts(STARTS[6].map((w) => Number(w.toPrecision(6))))]) {
    const state = { ...start, start: [p], epoch: 1234 };
    assert.deepEqual(readFragment(writeFragment('xor', FIELDS, state), 'xor', FIELDS), state);
  }
});
