// A digit drawn by the reader, read by the network of the chapter "mnist".
// The arithmetic is in lib/digit-net.js (the network) and lib/pen.js (from strokes to pixels).

import { mount } from './frame.js';
import { load } from './lib/arrays.js';
import { fgsm, networkFrom, read } from './lib/digit-net.js';
import { Bars, Board, Units, paint, percent, picture, sampleButtons } from './lib/digit-views.js';
import { element, text } from './lib/dom.js';
import { MOST, asDrawn, asMnist, strokesField } from './lib/pen.js';
import { flag, number } from './lib/state.js';

export * from './lib/arrays.js';
export * from './lib/digit-net.js';
export * from './lib/pen.js';

const SCRIPT = globalThis.document?.currentScript?.src; // the weights lie beside it

// a three, as a hand might draw it: that of the chapter's explorer
const EXAMPLE = [[
  [9, 7.5], [12, 4.8], [16, 4.5], [18.8, 6.8], [18.5, 10], [16, 12.5], [13, 13.3], [16.5, 14], [19.5, 16.5],
  [19.8, 20.2], [17, 23.2], [12.5, 23.6], [8.5, 21.2],
]];

export const FIELDS = {
  strokes: strokesField(EXAMPLE),
  tidy: flag(true), // scaled and centred as MNIST's makers did it
  sample: number({ start: 0, min: 0, max: 13, step: 1 }), // a test image under the strokes, counted from 1; 0: bare paper
  epsilon: number({ start: 0, min: 0, max: 0.3, step: 0.01 }),
  unit: number({ start: 1, min: 1, max: 100, step: 1 }), // of the first layer
};

// The image that the network gets: a test image with the strokes upon it, or the strokes alone.
export function imageOf({ strokes, tidy }, sample) {
  if (sample) return asDrawn(strokes).map((ink, i) => Math.max(ink, sample[i]));
  return tidy ? asMnist(strokes) : asDrawn(strokes);
}

const sameStrokes = (a, b) => FIELDS.strokes.write(a) === FIELDS.strokes.write(b);

function sentence({ probabilities }, clean, state, sample) {
  const [first, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const says = `It says ${first}, with ${percent(probabilities[first])}; next ${second}, with ${percent(probabilities[second])}.`;
  if (state.epsilon > 0) {
    const change = first === clean ? `still ${first}` : `no longer ${clean}`;
    return `Every pixel moved by at most ${text(state.epsilon, 2)}, against the guess: ${change}. ${says}`;
  }
  if (state.strokes.length === 0 && !sample) return `Bare paper. ${says} There is no answer “no digit”.`;
  if (sample && state.strokes.length === 0) return `${says} The label says ${sample.label}${first === sample.label ? '' : ': misread'}.`;
  return says;
}

mount('digits', FIELDS, (frame) => {
  let net = null, samples = [], trouble = '';
  const full = () => frame.state.strokes.flat().length >= MOST;
  const board = new Board(frame, {
    // the first stroke wipes the example
    begun: () => {
      const wipe = !frame.state.sample && sameStrokes(frame.state.strokes, EXAMPLE);
      frame.set({ strokes: [...(wipe ? [] : frame.state.strokes), []] });
    },
    drawn: (stroke) => {
      if (!full()) frame.set({ strokes: [...frame.state.strokes.slice(0, -1), [...stroke]] });
    },
    penChanged: ([x, y], down) => {
      pen.textContent = `Pen ${down ? 'down' : 'up'}, column ${text(x, 0)}, line ${text(y, 0)}.`;
    },
  });
  const pen = element('p', { class: 'demo-spoken', 'aria-live': 'polite' });
  const bars = new Bars(), units = new Units(frame, (unit) => frame.set({ unit }));
  const input = picture('What the network gets: 28 by 28 pixels');
  const weights = picture('The weights of the chosen unit as an image: orange where ink speaks for it, blue where against');
  const unitText = element('p', { class: 'demo-help' });
  const tray = element('div', { class: 'demo-tray' });
  const buttons = [
    frame.button('clear', () => frame.set({ strokes: [], sample: 0 })),
    frame.button('undo a stroke', () => frame.set({ strokes: frame.state.strokes.slice(0, -1) })),
  ];
  const tidy = frame.toggle('tidy', 'scale into the dashed box and centre by mass, as MNIST’s makers did');
  const column = (title, ...nodes) => element('div', { class: 'demo-column' }, element('p', { class: 'demo-title' }, title), ...nodes);
  frame.add(
    element('div', { class: 'demo-stage' }, board.canvas, pen, frame.row(...buttons), tidy),
    element('div', { class: 'demo-panel' }, bars.node),
    element('div', { class: 'demo-wide' },
      element('p', { class: 'demo-title' }, 'or take test images; the last three it misreads. You may draw on them'), tray,
      frame.slider('epsilon', 'ε: move every pixel a little, against the guess', { show: (v) => text(v, 2) })),
    element('div', { class: 'demo-wide demo-columns' },
      column('what the network gets', input),
      column('what 100 hidden units say', units.canvas),
      column('one unit’s weights', weights)),
    element('div', { class: 'demo-wide' }, frame.slider('unit', 'hidden unit', { show: (v) => text(v, 0) }), unitText),
  );

  load('digits', new URL('digits-weights.js', SCRIPT)).then((arrays) => {
    net = networkFrom(arrays, 'digits');
    const { values } = arrays.images;
    samples = Array.from(arrays.labels.values, (label, i) =>
      ({ label, pixels: values.subarray(784 * i, 784 * (i + 1)).map((v) => v / 255) }));
    tray.thumbs = sampleButtons(frame, samples, (sample) => frame.set({ sample, strokes: [] }));
    tray.replaceChildren(...tray.thumbs.map((thumb) => thumb.node));
  }, (error) => (trouble = `The network cannot read: ${error.message}. Build the book again.`)).finally(() => frame.redraw());

  return (state) => {
    const sample = samples[state.sample - 1];
    board.draw(state.strokes.filter((stroke) => stroke.length), sample?.pixels);
    tray.thumbs?.forEach((thumb) => thumb.draw(state.sample));
    const image = imageOf(state, sample?.pixels);
    if (!net) {
      paint(input, image, frame);
      bars.draw(null);
      frame.say(trouble || 'The network is being loaded …');
      return;
    }
    const before = read(net, image).probabilities, clean = before.indexOf(Math.max(...before));
    const given = state.epsilon > 0 ? fgsm(net, image, clean, state.epsilon) : image;
    const said = read(net, given);
    paint(input, given, frame);
    bars.draw(said.probabilities, state.strokes.length ? undefined : sample?.label);
    units.draw(said.outputs[0], state.unit);
    const n = said.outputs[0].length, own = Array.from({ length: 784 }, (_, i) => net[0].weight[i * n + state.unit - 1]);
    const top = own.map(Math.abs).sort((a, b) => a - b)[780]; // a few extreme weights would make all others pale
    paint(weights, own.map((w) => w / top), frame, true);
    const score = said.scores[0][state.unit - 1];
    unitText.textContent = `Unit ${state.unit}: score ${text(score, 2)}, so it says ${text(Math.max(score, 0), 2)}. ` +
      `${said.outputs[0].filter((a) => a > 0).length} of 100 units say more than 0.`;
    frame.say(sentence(said, clean, state, sample));
  };
});
