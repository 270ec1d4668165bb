// Predictions: which answer is right, and what is said of a choice and at the end.
import assert from 'node:assert/strict';
import test from 'node:test';
import { letter, rightOne, summary, verdict } from '../../../live/js/page/predict.js';

test('an option’s letter stands at its beginning', () => {
  assert.equal(letter('  B It turns.'), 'B');
  assert.equal(letter('B. It turns.'), 'B');
  assert.equal(letter('Both weights'), '');
});

test('the right one is that whose explanation says so, wherever it stands', () => {
  assert.equal(rightOne(['A is what doubling does', 'C is right. Where z was zero', 'D is what']), 'C');
  assert.equal(rightOne(['A is rightly feared', 'B is what is right']), '');
});

test('a choice is answered, and so is the page', () => {
  assert.equal(verdict('C', 'C'), '✓ You said C, and C is right.');
  assert.equal(verdict('A', 'C'), '✗ You said A. C is right.');
  assert.equal(summary(0, 0, 6), 'This page asks for 6 predictions; you have made none yet.');
  assert.equal(summary(4, 1, 6), 'You predicted 4 of 6, and were right once.');
  assert.equal(summary(4, 3, 6), 'You predicted 4 of 6, and were right 3 times.');
});
