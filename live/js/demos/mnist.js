// A digit drawn by the reader, read by the network of the chapter "mnist".
// The arithmetic is in lib/digit-net.js (the network) and lib/pen.js (from strokes to pixels).

import { mount } from './frame.js';
import { load } from './lib/arrays.js';
import { fgsm, networkFrom, read } from './lib/digit-net.js';
import { Bars, Board, Units, paint, percent, picture, sampleButtons } from './lib/digit-views.js';
import { element, text } from './lib/dom.js';
import { MOST, asDrawn, asMnist, strokesField } from './lib/pen.js';
import { flag, number, whole } from './lib/state.js';

export * from './lib/arrays.js';
export * from './lib/digit-net.js';
export * from './lib/pen.js';

/** @import { Frame } from './frame.js' */
/** @import { Arrays } from './lib/arrays.js' */
/** @import { Layer } from './lib/digit-net.js' */
/** @import { Stroke } from './lib/pen.js' */
/** @import { StateOf } from './lib/state.js' */

/** @typedef {StateOf<typeof FIELDS>} State */
/** @typedef {{ pixels: Float32Array, label: number }} Sample */

const script = /** @type {HTMLScriptElement | undefined} */ (globalThis.document?.currentScript ?? undefined);
const SCRIPT = script?.src; // the weights lie beside it

/** @type {Stroke[]} a three, as a hand might draw it: that of the chapter's explorer */
const EXAMPLE = [
  [
    [9, 7.5],
    [12, 4.8],
    [16, 4.5],
    [18.8, 6.8],
    [18.5, 10],
    [16, 12.5],
    [13, 13.3],
    [16.5, 14],
    [19.5, 16.5],
    [19.8, 20.2],
    [17, 23.2],
    [12.5, 23.6],
    [8.5, 21.2],
  ],
];

/** The demo's state, as a link carries it. */
export const FIELDS = {
  strokes: strokesField(EXAMPLE),
  tidy: flag(true), // scaled and centred as MNIST's makers did it
  sample: whole({ start: 0, min: 0, max: 13, step: 1 }), // the test image under the strokes, from 1; 0: bare paper
  epsilon: number({ start: 0, min: 0, max: 0.3, step: 0.01 }),
  unit: whole({ start: 1, min: 1, max: 100, step: 1 }), // of the first layer
};

/**
 * The image that the network gets: a test image with the strokes upon it, or the strokes alone.
 *
 * @param {Pick<State, 'strokes' | 'tidy'>} state
 * @param {Float32Array} [sample]
 */
export function imageOf({ strokes, tidy }, sample) {
  if (sample) return asDrawn(strokes).map((ink, i) => Math.max(ink, sample[i]));
  return tidy ? asMnist(strokes) : asDrawn(strokes);
}

/**
 * @param {Stroke[]} a
 * @param {Stroke[]} b
 */
const sameStrokes = (a, b) => FIELDS.strokes.write(a) === FIELDS.strokes.write(b);

const indexOfMax = (/** @type {number[]} */ values) => values.indexOf(Math.max(...values));

/**
 * The weights of one unit, one for each pixel.
 *
 * @param {Layer} layer
 * @param {number} unit
 */
function weightsOf({ weight, bias }, unit) {
  return Float64Array.from({ length: weight.length / bias.length }, (_, i) => weight[i * bias.length + unit]);
}

/**
 * @param {number[]} probabilities
 * @param {number} clean its answer before the pixels were moved
 * @param {State} state
 * @param {Sample} [sample]
 */
function sentence(probabilities, clean, state, sample) {
  const [first, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const share = (/** @type {number} */ digit) => `${digit}, with ${percent(probabilities[digit])}`;
  const rest = probabilities[second] < 0.001 ? 'no other comes near' : `next ${share(second)}`;
  const says = `It says ${share(first)}; ${rest}.`;
  if (state.epsilon > 0) {
    const change = first === clean ? `still ${first}` : `no longer ${clean}`;
    return `Every pixel moved by at most ${text(state.epsilon, 2)}, against the guess: ${change}. ${says}`;
  }
  if (state.strokes.length === 0 && !sample) return `Bare paper. ${says} There is no answer “no digit”.`;
  if (sample && state.strokes.length === 0) {
    return `${says} The label says ${sample.label}${first === sample.label ? '' : ': misread'}.`;
  }
  return says;
}

/**
 * The demo, once its network and its test images are there.
 *
 * @param {Frame<typeof FIELDS>} frame
 * @param {Arrays} arrays
 */
function build(frame, arrays) {
  const net = networkFrom(arrays, 'mnist');
  const samples = Array.from(arrays.labels.values, (label, i) => ({
    label,
    pixels: arrays.images.values.subarray(784 * i, 784 * (i + 1)).map((v) => v / 255),
  }));

  const pen = element('p', { class: 'demo-spoken', 'aria-live': 'polite' });
  const board = new Board(frame, {
    // the first stroke wipes the example
    begun: () => {
      const wipe = !frame.state.sample && sameStrokes(frame.state.strokes, EXAMPLE);
      frame.set({ strokes: [...(wipe ? [] : frame.state.strokes), []] });
    },
    drawn: (stroke) => {
      const strokes = [...frame.state.strokes.slice(0, -1), [...stroke]];
      if (strokes.flat().length <= MOST) frame.set({ strokes });
    },
    penChanged: ([x, y], down) => {
      pen.textContent = `Pen ${down ? 'down' : 'up'}, column ${text(x, 0)}, line ${text(y, 0)}.`;
    },
  });
  const bars = new Bars();
  const units = new Units(frame, (unit) => frame.set({ unit }));
  const thumbs = sampleButtons(frame, samples, (sample) => frame.set({ sample, strokes: [] }));
  const input = picture('What the network gets: 28 by 28 pixels');
  const weights = picture(
    'The weights of the chosen unit: orange where ink speaks for it, blue where against',
  );
  const unitText = element('p', { class: 'demo-help' });
  /**
   * @param {string} title
   * @param {...Node} nodes
   */
  const part = (title, ...nodes) =>
    element('div', {}, element('p', { class: 'demo-title' }, title), ...nodes);
  frame.add(
    element(
      'div',
      { class: 'demo-stage' },
      board.canvas,
      pen,
      frame.row(
        frame.button('clear', () => frame.set({ strokes: [], sample: 0 })),
        frame.button('undo a stroke', () => frame.set({ strokes: frame.state.strokes.slice(0, -1) })),
      ),
      frame.slider('epsilon', 'ε: pixels moved against the guess', { show: (v) => text(v, 2) }),
    ),
    element(
      'div',
      { class: 'demo-panel' },
      frame.says, // beside the board, or right below it on a phone
      bars.node,
      element(
        'div',
        { class: 'demo-given' },
        part('the network gets', input),
        frame.toggle(
          'tidy',
          'scaled to the dashed box, centre of mass in the middle, as MNIST’s makers did it',
        ),
      ),
    ),
    element(
      'div',
      { class: 'demo-wide' },
      element(
        'p',
        { class: 'demo-title' },
        'or take a test image; the last three it misreads. You can draw on them',
      ),
      element('div', { class: 'demo-tray' }, ...thumbs.map((thumb) => thumb.node)),
    ),
    element(
      'div',
      { class: 'demo-wide demo-units-part' },
      part('what the 100 units of the first layer say', units.canvas),
      part('the weights of one of them', weights),
      element('div', {}, frame.slider('unit', 'unit', { show: (v) => text(v, 0) }), unitText),
    ),
  );

  return (/** @type {State} */ state) => {
    const sample = samples[state.sample - 1];
    const image = imageOf(state, sample?.pixels);
    const clean = indexOfMax(read(net, image).probabilities);
    const given = state.epsilon > 0 ? fgsm(net, image, clean, state.epsilon) : image;
    const {
      probabilities,
      outputs: [answers],
      scores: [scores],
    } = read(net, given);
    board.draw(
      state.strokes.filter((stroke) => stroke.length),
      sample?.pixels,
    );
    thumbs.forEach((thumb) => thumb.draw(state.sample));
    paint(input, given, frame);
    bars.draw(probabilities, state.strokes.length ? undefined : sample?.label);
    units.draw(answers, state.unit);
    const own = weightsOf(net[0], state.unit - 1);
    const sizes = own.map(Math.abs).sort();
    const large = sizes[780]; // a few extreme ones would make all others pale
    const shades = own.map((w) => w / large);
    paint(weights, shades, frame, true);
    const score = scores[state.unit - 1];
    unitText.textContent =
      `Unit ${state.unit}: score ${text(score, 2)}, so it says ${text(Math.max(score, 0), 2)}. ` +
      `${answers.filter((a) => a > 0).length} of the 100 units say more than 0.`;
    frame.say(sentence(probabilities, clean, state, sample));
  };
}

if (SCRIPT) {
  load('mnist', new URL('mnist-weights.js', SCRIPT).href).then(
    (arrays) => mount('mnist', FIELDS, (frame) => build(frame, arrays)),
    (error) =>
      mount('mnist', FIELDS, (frame) => () => frame.say(`The demo has no network: ${error.message}.`)),
  );
}
