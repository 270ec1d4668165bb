// The demo "mnist", beyond its arithmetic: strokes in a link, and what the network is given.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS, imageOf } from '../../../live/js/demos/mnist.js';
import {
  FIELD,
  MOST,
  asDrawn,
  asMnist,
  centreOfMass,
  kept,
  strokesField,
} from '../../../live/js/demos/lib/pen.js';
import { random } from '../../../live/js/demos/lib/maths.js';

const field = strokesField([]);

test('strokes survive the link', () => {
  const numbers = random(1);
  for (let i = 0; i < 50; i++) {
    const point = () => kept([30 * numbers() - 1, 28 * numbers()]);
    const stroke = () => Array.from({ length: 1 + Math.floor(30 * numbers()) }, point);
    const strokes = Array.from({ length: 1 + Math.floor(3 * numbers()) }, stroke);
    assert.deepEqual(field.read(field.write(strokes)), strokes);
  }
  assert.deepEqual(field.read(field.write([])), []);
  assert.deepEqual(
    field.read(field.write(FIELDS.strokes.start)),
    FIELDS.strokes.start.map((s) => s.map(kept)),
  );
});

test('a point takes three letters, and the fullest board fits a link', () => {
  assert.equal(
    field.write([
      [
        [28, 28],
        [0, 0],
      ],
    ]).length,
    6,
  );
  assert.ok(3 * MOST + 200 < 4000);
});

test('text that is no drawing is refused', () => {
  for (const text of [
    'A',
    'AAAA',
    '____',
    '---',
    'AAA.A',
    'A A',
    '<b>',
    '💩',
    '%00%',
    'AAA,AAA',
    'A'.repeat(5001),
  ]) {
    assert.equal(field.read(text), undefined, text);
  }
});

test('a drawing is moved to the middle by its mass', () => {
  const [x, y] = centreOfMass(
    asMnist([
      [
        [2, 2],
        [2, 12],
        [8, 12],
      ],
    ]),
  );
  assert.ok(Math.hypot(x - (FIELD - 1) / 2, y - (FIELD - 1) / 2) < 0.1);
});

test('a dot that is not scaled stays where it is', () => {
  const [x, y] = centreOfMass(asDrawn([[[5.5, 20.5]]]));
  assert.ok(Math.abs(x - 5) < 1e-9 && Math.abs(y - 20) < 1e-9);
});

test('no strokes are bare paper, and on a test image they add ink', () => {
  const sample = new Float32Array(784).fill(0.25);
  assert.ok(imageOf({ strokes: [], tidy: true }).every((ink) => ink === 0));
  assert.deepEqual(new Set(imageOf({ strokes: [], tidy: true }, sample)), new Set([0.25]));
  const inked = imageOf({ strokes: [[[0.5, 0.5]]], tidy: true }, sample);
  assert.equal(inked[0], 1);
  assert.equal(inked[783], 0.25);
});
