// The arithmetic of the chapter "xor": a 2-2-1 network, its gradients, its training, and how a training can end.

import { binaryCrossEntropy, sigmoid } from './maths.js';

/** @import { Place } from './plane.js' */
/**
 * Nine numbers: W1 row by row (w11, w12, w21, w22: from the first input to the first hidden unit, from the first to
 * the second, …), b1 (two numbers), W2 (two) and b2.
 *
 * @typedef {ArrayLike<number>} Network
 */
/**
 * A function with its slope, written in terms of its output, and the learning rate that the chapter takes for it.
 *
 * @typedef {{ f: (z: number) => number, slope: (a: number) => number, rate: number }} Activation
 */
/** @typedef {'squares' | 'entropy'} Loss */
/** @typedef {0 | 2 | 3 | 4} Ending of a training: 0 for solved, else how many rows the network says the same to */

/** @type {Place[]} the four inputs */
export const POINTS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
/** What the network should say to them. */
export const TARGETS = [0, 1, 1, 0];
/** As long as the chapter trains. */
export const EPOCHS = 5000;

/** Starts that the chapter speaks of: its seeds, as NumPy draws them, and the weights chosen by hand. */
export const STARTS = {
  2: [
    0.18905338179353307, -0.5227484414807474, -0.41306354339189344, -2.4414673826398556, 0, 0,
    1.799707382720902, 1.1441658720372287, 0,
  ],
  0: [
    0.1257302210933933, -0.1321048632913019, 0.6404226504432821, 0.10490011715303971, 0, 0,
    -0.535669373161111, 0.36159505490948474, 0,
  ],
  6: [
    1.0531157544867582, 1.776491303816993, -2.5532918384570134, -0.13796506137840808, 0, 0,
    1.0137194090532766, 1.3521418253819912, 0,
  ],
  hand: [20, -20, 20, -20, -10, 30, 20, 20, -30],
};

/** @satisfies {Record<string, Activation>} of the hidden units */
export const ACTIVATIONS = {
  sigmoid: { f: sigmoid, slope: (a) => a * (1 - a), rate: 1 },
  tanh: { f: Math.tanh, slope: (a) => 1 - a * a, rate: 1 },
  relu: { f: (z) => (z > 0 ? z : 0), slope: (a) => (a > 0 ? 1 : 0), rate: 0.5 },
};

/**
 * The two hidden answers to a point: its place in the hidden space.
 *
 * @param {Network} p
 * @param {number} x1
 * @param {number} x2
 * @param {Activation} activation
 * @returns {Place}
 */
export function hidden(p, x1, x2, { f }) {
  return [f(x1 * p[0] + x2 * p[2] + p[4]), f(x1 * p[1] + x2 * p[3] + p[5])];
}

/**
 * The output's score; the network says yes where it is above 0.
 *
 * @param {Network} p
 * @param {number} x1
 * @param {number} x2
 * @param {Activation} activation
 */
export function score(p, x1, x2, activation) {
  const [a1, a2] = hidden(p, x1, x2, activation);
  return a1 * p[6] + a2 * p[7] + p[8];
}

/**
 * The probabilities it gives for the four points.
 *
 * @param {Network} p
 * @param {Activation} activation
 */
export function answers(p, activation) {
  return POINTS.map(([x1, x2]) => sigmoid(score(p, x1, x2, activation)));
}

/**
 * The loss over the four points.
 *
 * @param {Network} p
 * @param {Activation} activation
 * @param {Loss} loss
 */
export function lossOf(p, activation, loss) {
  const losses = POINTS.map(([x1, x2], row) => {
    const z = score(p, x1, x2, activation);
    return loss === 'squares' ? (sigmoid(z) - TARGETS[row]) ** 2 : binaryCrossEntropy(z, TARGETS[row]);
  });
  return losses.reduce((sum, value) => sum + value) / 4;
}

/**
 * The nine gradients of the loss, by the chain rule.
 *
 * @param {Network} p
 * @param {Activation} activation
 * @param {Loss} loss
 * @param {Float64Array} into where they are written: training a thousand networks must not make a million arrays
 */
export function gradients(p, { f, slope }, loss, into = new Float64Array(9)) {
  into.fill(0);
  for (let row = 0; row < 4; row++) {
    const x1 = row >> 1;
    const x2 = row & 1;
    const y = TARGETS[row];
    const a1 = f(x1 * p[0] + x2 * p[2] + p[4]);
    const a2 = f(x1 * p[1] + x2 * p[3] + p[5]);
    const a = sigmoid(a1 * p[6] + a2 * p[7] + p[8]);
    let dZ2 = (a - y) / 4; // the cross-entropy's
    if (loss === 'squares') dZ2 *= 2 * a * (1 - a);
    const dZ11 = dZ2 * p[6] * slope(a1);
    const dZ12 = dZ2 * p[7] * slope(a2);
    into[0] += x1 * dZ11;
    into[1] += x1 * dZ12;
    into[2] += x2 * dZ11;
    into[3] += x2 * dZ12;
    into[4] += dZ11;
    into[5] += dZ12;
    into[6] += a1 * dZ2;
    into[7] += a2 * dZ2;
    into[8] += dZ2;
  }
  return into;
}

const scratch = new Float64Array(9);

/**
 * The network after some epochs of gradient descent; `p` itself stays as it is.
 *
 * @param {Network} p
 * @param {Activation} activation
 * @param {Loss} loss
 * @param {number} epochs
 */
export function train(p, activation, loss, epochs) {
  const trained = Float64Array.from(p);
  for (let epoch = 0; epoch < epochs; epoch++) {
    gradients(trained, activation, loss, scratch);
    for (let i = 0; i < 9; i++) trained[i] -= activation.rate * scratch[i];
  }
  return trained;
}

/**
 * All four answers right, and not by a hair.
 *
 * @param {Network} p
 * @param {Activation} activation
 */
export function isSolved(p, activation) {
  return answers(p, activation).every((a, row) => Math.abs(a - TARGETS[row]) < 0.4);
}

/** Targets of rows that a network cannot tell apart: it says their mean to all, and is right about the others. */
const ALIKE = { 2: [0, 1], 3: [0, 0, 1], 4: [0, 0, 1, 1] };

/**
 * The loss of such a network: a step of the staircase in the chapter.
 *
 * @param {2 | 3 | 4} count
 * @param {Loss} loss
 */
export function lossOfAlike(count, loss) {
  const group = ALIKE[count];
  const a = group.reduce((sum, t) => sum + t) / count;
  const losses = group.map((t) => (loss === 'squares' ? (a - t) ** 2 : -Math.log(t ? a : 1 - a)));
  return losses.reduce((sum, value) => sum + value) / 4;
}

/**
 * How a training has ended, by the nearest step.
 *
 * @param {Network} p
 * @param {Activation} activation
 * @param {Loss} loss
 * @returns {Ending}
 */
export function ending(p, activation, loss) {
  if (isSolved(p, activation)) return 0;
  const value = lossOf(p, activation, loss);
  const away = (/** @type {2 | 3 | 4} */ count) => Math.abs(lossOfAlike(count, loss) - value);
  return /** @type {const} */ ([2, 3, 4]).reduce((best, count) => (away(count) < away(best) ? count : best));
}

/**
 * Starting weights as the chapter draws them, normal and with biases of 0; to two decimals, so that a link can
 * carry them as they are.
 *
 * @param {() => number} random draws numbers from 0 to 1
 */
export function randomStart(random) {
  const normal = () => {
    const value = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.round(100 * value) / 100 || 0; // no −0
  };
  const [w11, w12, w21, w22, v1, v2] = Array.from({ length: 6 }, normal);
  return [w11, w12, w21, w22, 0, 0, v1, v2, 0];
}
