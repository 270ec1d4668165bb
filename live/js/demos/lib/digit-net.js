// The arithmetic of the chapter "mnist": its network forward, and its gradient by the pixels, as FGSM needs it.

import { softmax } from './maths.js';

/** @import { Arrays } from './arrays.js' */
/**
 * Weights row by row, one row for each input.
 *
 * @typedef {{ weight: Float32Array, bias: Float32Array }} Layer
 */
/** @typedef {Layer[]} Network ReLU between the layers */
/** @typedef {ArrayLike<number>} Image */

/**
 * The network in the arrays of an npz file of the book, of parameters such as "mnist/0.weight".
 *
 * @param {Arrays} arrays
 * @param {string} name
 * @returns {Network}
 */
export function networkFrom(arrays, name) {
  return [0, 2, 4].map((layer) => ({
    weight: arrays[`${name}/${layer}.weight`].values,
    bias: arrays[`${name}/${layer}.bias`].values,
  }));
}

/**
 * @param {Layer} layer
 * @param {Float64Array} x
 */
function linear({ weight, bias }, x) {
  const out = Float64Array.from(bias);
  const n = out.length;
  x.forEach((value, i) => {
    if (value === 0) return; // most pixels
    for (let j = 0; j < n; j++) out[j] += value * weight[i * n + j];
  });
  return out;
}

/**
 * All that happens on the way: each layer's scores, the answers of the hidden layers, the probabilities.
 *
 * @param {Network} net
 * @param {Image} pixels
 */
export function read(net, pixels) {
  /** @type {Float64Array[]} */
  const scores = [];
  /** @type {Float64Array[]} */
  const outputs = [];
  let x = Float64Array.from(pixels);
  net.forEach((layer, i) => {
    scores.push(linear(layer, x));
    if (i < net.length - 1) outputs.push((x = scores[i].map((z) => Math.max(z, 0))));
  });
  return { scores, outputs, probabilities: softmax(Array.from(scores[net.length - 1])) };
}

/**
 * The gradient of the cross-entropy by each pixel, for a label.
 *
 * @param {Network} net
 * @param {Image} pixels
 * @param {number} label
 */
export function gradientByInput(net, pixels, label) {
  const { outputs, probabilities } = read(net, pixels);
  let grad = Float64Array.from(probabilities, (p, i) => p - Number(i === label));
  for (let layer = net.length - 1; layer >= 0; layer--) {
    const { weight } = net[layer];
    const n = grad.length;
    const back = new Float64Array(weight.length / n);
    for (let i = 0; i < back.length; i++) {
      if (layer > 0 && outputs[layer - 1][i] <= 0) continue; // a ReLU that is off: slope 0
      for (let j = 0; j < n; j++) back[i] += weight[i * n + j] * grad[j];
    }
    grad = back;
  }
  return grad;
}

/**
 * Every pixel moved by epsilon in the direction that raises the loss of this label, then clipped to [0, 1].
 *
 * @param {Network} net
 * @param {Image} pixels
 * @param {number} label
 * @param {number} epsilon
 */
export function fgsm(net, pixels, label, epsilon) {
  const grad = gradientByInput(net, pixels, label);
  return Float64Array.from(pixels, (x, i) => Math.min(Math.max(x + epsilon * Math.sign(grad[i]), 0), 1));
}
