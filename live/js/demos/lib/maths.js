// Arithmetic that several demos need, in the forms of `mininet.activations` and `mininet.losses`.

/**
 * 1 / (1 + e^-z), with no exponent above zero, so that nothing overflows.
 *
 * @param {number} z
 */
export function sigmoid(z) {
  const e = Math.exp(-Math.abs(z));
  return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/**
 * The cross-entropy of one yes-or-no answer: log(1 + e^z) - y z.
 *
 * @param {number} z the score
 * @param {number} y the target
 */
export function binaryCrossEntropy(z, y) {
  return Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
}

/**
 * Probabilities of scores, which may be large.
 *
 * @param {number[]} z (C,)
 */
export function softmax(z) {
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const total = e.reduce((a, b) => a + b);
  return e.map((v) => v / total);
}

/**
 * Return a function that draws numbers from 0 to 1, the same ones for the same seed (mulberry32).
 *
 * @param {number} seed
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
