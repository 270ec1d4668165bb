// The hidden space of a 2-2-1 network learning XOR, and an atlas of where many starts end.
// The arithmetic, that of the chapter "xor", is in lib/xor-net.js.

import { mount } from './frame.js';
import { element, text } from './lib/dom.js';
import { random } from './lib/maths.js';
import { choice, flag, number, rows, whole } from './lib/state.js';
import { Tiles, Trainings, describe, mapStarts, randomStarts } from './lib/xor-atlas.js';
import {
  ACTIVATIONS,
  EPOCHS,
  POINTS,
  STARTS,
  TARGETS,
  answers,
  hidden,
  isSolved,
  lossOf,
  randomStart,
  train,
} from './lib/xor-net.js';
import { LossCurve, Spaces, Weights, groups } from './lib/xor-views.js';

export * from './lib/xor-net.js';
export { Trainings, mapStarts, randomStarts } from './lib/xor-atlas.js';
export { groups, limitsOf } from './lib/xor-views.js';

/** @import { Frame } from './frame.js' */
/** @import { Activation, Ending, Network } from './lib/xor-net.js' */
/** @import { StateOf } from './lib/state.js' */

/** @typedef {StateOf<typeof FIELDS>} State */

const network = () =>
  rows({
    start: [STARTS[2]],
    columns: Array(9).fill(number({ limit: 10000 })),
    least: 1,
    most: 1,
  });

/** The network on show is the one that training from `start` gives after `epoch` epochs. */
export const FIELDS = {
  start: network(),
  epoch: whole({ start: 0, min: 0, max: EPOCHS, step: 1 }),
  activation: choice('sigmoid', ['sigmoid', 'tanh', 'relu']),
  loss: choice('squares', ['squares', 'entropy']),
  atlas: flag(false), // has the reader asked for it?
  kind: choice('random', ['random', 'map']),
  draw: whole({ start: 1, min: 1, max: 9999 }), // which random starts
  around: network(), // what the map is a map of
};

const PACE = 12; // epochs for every frame of the screen
const SLICE = 12; // milliseconds of every frame for the atlas
const REFRESH = 80; // milliseconds between two pictures of it
const TOGETHER = 0.1; // apart by less in the hidden space, points count as lying together, as in the chapter

/**
 * An object with an entry for each of the four rows.
 *
 * @param {(row: number) => string} value
 */
const byRow = (value) => ({ row0: value(0), row1: value(1), row2: value(2), row3: value(3) });

/**
 * @param {Network} net
 * @param {State} state
 * @param {Activation} activation
 */
function sentence(net, state, activation) {
  const right = answers(net, activation).filter((a, row) => Math.abs(a - TARGETS[row]) < 0.4).length;
  const start = `Epoch ${state.epoch}: loss ${text(lossOf(net, activation, state.loss))}, ${right} of 4 answers right`;
  if (isSolved(net, activation)) return `${start}. Solved: one straight line parts the hidden space.`;
  const places = groups(
    POINTS.map(([x1, x2]) => hidden(net, x1, x2, activation)),
    TOGETHER,
  );
  const mixed = places.filter((found) => new Set(found.map((row) => TARGETS[row])).size === 2);
  const names = mixed.map((found) => found.map((row) => POINTS[row].join('')).join(' and '));
  return mixed.length === 0
    ? `${start}.`
    : `${start}. In the hidden space ${names.join('; ')} lie almost ` +
        'in one place, circle and square: hardly a line can part them there.';
}

/** The training that begins at a start, computed as far as somebody has looked. */
class Training {
  #key = '';
  /** @type {Float64Array[]} one for each epoch */
  #nets = [];

  /** @param {Pick<State, 'start' | 'epoch' | 'activation' | 'loss'>} state */
  at({ start: [start], epoch, activation, loss }) {
    const key = JSON.stringify([start, activation, loss]);
    if (key !== this.#key) {
      this.#key = key;
      this.#nets = [Float64Array.from(start)];
    }
    while (this.#nets.length <= epoch) {
      this.#nets.push(train(this.#nets[this.#nets.length - 1], ACTIVATIONS[activation], loss, 1));
    }
    return this.#nets[epoch];
  }
}

/**
 * The atlas with its controls.
 *
 * @param {Frame<typeof FIELDS>} frame
 * @param {(start: number[]) => void} taken is told which tile the reader took
 */
function atlasPart(frame, taken) {
  /** @type {Trainings | null} */
  let trainings = null;
  let key = ''; // what they are trainings of
  let painted = '';
  let paintedAt = 0;
  const tile = element('p', { class: 'demo-help', id: `${frame.figure.id}-tile`, 'aria-live': 'polite' });
  const tiles = new Tiles(frame, {
    chosen: (k) => trainings && taken(trainings.starts[k]),
    moved: (k) => {
      if (trainings) tile.textContent = describe(trainings, k);
      frame.redraw();
    },
  });
  const progress = element('progress', { max: EPOCHS, value: 0, 'aria-label': 'epochs of the atlas' });
  const [numbers, show] = frame.numbers({
    epoch: 'epoch',
    solved: 'solved',
    two: '2: two rows alike',
    three: '3: three rows alike',
    four: '4: all four alike',
  });
  const work = frame.player(() => {
    if (!trainings) return false;
    trainings.work(SLICE);
    if (trainings.done || performance.now() - paintedAt > REFRESH) paint(); // the network above has not changed
    return !trainings.done;
  });
  const start = frame.button('train 400 starts', () => {
    key = ''; // even if nothing has changed, the reader wants to see it happen
    frame.set({ atlas: true, around: frame.state.start });
  });
  const stop = frame.button('stop', () => (work.running ? work.stop() : work.start()));
  const others = frame.button('400 others', () =>
    frame.set({ atlas: true, draw: (frame.state.draw % 9999) + 1 }),
  );
  const explain = element('p', { class: 'demo-help' });
  const shown = element(
    'div',
    { class: 'demo-shown' },
    element('div', { class: 'demo-tiles' }, progress, tiles.canvas),
    element('div', { class: 'demo-ends' }, numbers, tile),
  );

  /**
   * Another question needs other trainings.
   *
   * @param {State} state
   */
  const renew = ({ atlas, kind, draw, around: [around], activation, loss }) => {
    const wanted = JSON.stringify([atlas, activation, loss, kind, kind === 'map' ? around : draw]);
    if (wanted === key) return;
    key = wanted;
    work.stop();
    const starts = () => (kind === 'map' ? mapStarts(around) : randomStarts(draw));
    trainings = atlas ? new Trainings(starts(), ACTIVATIONS[activation], loss) : null;
    tile.textContent = 'A click on a tile, or Enter, puts that start into the network above and trains it.';
    if (atlas) work.start();
  };

  const paint = () => {
    const look = JSON.stringify([key, trainings?.epoch, tiles.cursor, frame.colour('surface')]);
    if (!trainings || look === painted) return;
    painted = look;
    paintedAt = performance.now();
    tiles.draw(trainings, frame.state.kind === 'map' ? frame.state.around[0] : null);
    progress.value = trainings.epoch;
    const counts = count(trainings.endings());
    const share = (/** @type {number} */ n) => `${n} (${Math.round(n / 4)} %)`;
    const blank = trainings.done ? share : () => '…';
    show({
      epoch: text(trainings.epoch, 0),
      solved: share(counts[0]),
      two: blank(counts[2]),
      three: blank(counts[3]),
      four: blank(counts[4]),
    });
  };

  return {
    node: element(
      'div',
      { class: 'demo-wide demo-atlas-part' },
      element('p', { class: 'demo-title' }, 'the atlas: where four hundred starts end'),
      frame.choice('kind', 'Starts', {
        random: 'drawn at random, as in the chapter',
        map: 'a map around the start above',
      }),
      explain,
      frame.row(start, stop, others),
      shown,
    ),
    draw(/** @type {State} */ state) {
      renew(state);
      shown.hidden = !state.atlas;
      others.disabled = state.kind === 'map' || !state.atlas;
      stop.disabled = !trainings || trainings.done;
      stop.textContent = work.running || !trainings || trainings.done ? 'stop' : 'go on';
      explain.textContent =
        state.kind === 'random'
          ? 'Six normal random numbers each, biases 0.'
          : 'To the right, the weight from x₁ to hidden unit 1 grows from −3.8 to 3.8; upwards, the one from x₂. ' +
            'The other seven are those of the start above, which lies at the ring.';
      paint();
    },
  };
}

/**
 * How often each ending occurs.
 *
 * @param {Ending[]} endings
 */
function count(endings) {
  const counts = { 0: 0, 2: 0, 3: 0, 4: 0 };
  for (const end of endings) counts[end]++;
  return counts;
}

mount('xor', FIELDS, (frame) => {
  const training = new Training();
  const begin = (/** @type {number[]} */ start) => {
    learning.stop();
    frame.set({ start: [start], epoch: 0 });
  };
  // the network of this moment with some of its weights moved is a new start, as exact as a link can say it
  const change = (/** @type {Record<number, number>} */ weights) =>
    begin(Array.from(training.at(frame.state), (w, i) => Number((weights[i] ?? w).toPrecision(6))));
  const go = (/** @type {number} */ epochs) =>
    frame.set({ epoch: Math.min(frame.state.epoch + epochs, EPOCHS) });
  const learning = frame.player(
    () => {
      go(frame.calm ? EPOCHS : PACE); // where motion is not wanted, straight to the end
      return frame.state.epoch < EPOCHS;
    },
    { play: 'train' },
  );

  const spaces = new Spaces(frame, change);
  const weights = new Weights(change);
  const curve = new LossCurve();
  const [numbers, show] = frame.numbers({
    loss: 'loss',
    ...byRow((row) => `${POINTS[row].join('')}, should be ${TARGETS[row]}`),
  });
  const starts = [
    { name: 'seed 2', start: STARTS[2] },
    { name: 'seed 0', start: STARTS[0] },
    { name: 'seed 6', start: STARTS[6] },
    { name: 'by hand', start: STARTS.hand },
  ];
  const anyStart = () => randomStart(random(Math.random() * 2 ** 32));
  const atlas = atlasPart(frame, (start) => {
    begin(start);
    if (!frame.calm) learning.start();
  });
  frame.add(
    spaces.node,
    element(
      'div',
      { class: 'demo-wide' },
      frame.row(
        learning.button,
        frame.button('1 epoch', () => go(1)),
        frame.button('100 epochs', () => go(100)),
        frame.button('back to epoch 0', () => begin(frame.state.start[0])),
      ),
      frame.slider('epoch', 'epoch', { show: (v) => text(v, 0), changed: () => learning.stop() }),
      curve.node,
      numbers,
      frame.says,
    ),
    element(
      'div',
      { class: 'demo-wide' },
      frame.row(
        element('span', {}, 'Start with'),
        ...starts.map(({ name, start }) => frame.button(name, () => begin(start))),
        frame.button('any other', () => begin(anyStart())),
      ),
      element(
        'div',
        { class: 'demo-pair' },
        frame.choice('activation', 'Hidden units', { sigmoid: 'sigmoid', tanh: 'tanh', relu: 'ReLU' }),
        frame.choice('loss', 'Loss', { squares: 'squared error', entropy: 'cross-entropy' }),
      ),
      element('details', {}, element('summary', {}, 'the nine weights as sliders'), weights.node),
    ),
    atlas.node,
  );

  return (state) => {
    const net = training.at(state);
    const activation = ACTIVATIONS[state.activation];
    spaces.draw(net, state.activation);
    weights.draw(net);
    curve.draw((epoch) => training.at({ ...state, epoch }), state.epoch, activation, state.loss);
    atlas.draw(state);
    const said = answers(net, activation);
    show({ loss: text(lossOf(net, activation, state.loss)), ...byRow((row) => text(said[row], 2)) });
    frame.say(sentence(net, state, activation));
  };
});
