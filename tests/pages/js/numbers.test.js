// Numbers as the demos show them, and the arithmetic where a naive formula would break.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from '../../../live/js/demos/lib/dom.js';
import { binaryCrossEntropy, random, sigmoid, softmax } from '../../../live/js/demos/lib/maths.js';

test('a number is shown with a real minus, and zero without one', () => {
  assert.equal(text(-0.5), '−0.500');
  assert.equal(text(2, 0), '2');
  assert.equal(text(-0.0004), '0.000');
  assert.equal(text(-0.0005, 4), '−0.0005');
});

test('what is no finite number is named', () => {
  assert.deepEqual([text(Infinity), text(-Infinity), text(NaN)], ['∞', '−∞', 'not a number']);
});

test('extreme scores do not overflow', () => {
  assert.deepEqual([sigmoid(-1000), sigmoid(0), sigmoid(1000)], [0, 0.5, 1]);
  assert.deepEqual([binaryCrossEntropy(1000, 1), binaryCrossEntropy(1000, 0)], [0, 1000]);
  assert.deepEqual(softmax([1000, 1000]), [0.5, 0.5]);
});

test('the same seed draws the same numbers, evenly from 0 to 1', () => {
  const draw = random(7);
  const again = random(7);
  const drawn = Array.from({ length: 1000 }, draw);
  assert.deepEqual(Array.from({ length: 1000 }, again), drawn);
  assert.ok(drawn.every((v) => v >= 0 && v < 1));
  assert.ok(Math.abs(drawn.reduce((a, b) => a + b) / 1000 - 0.5) < 0.03);
});
