// What every demo shares: its place in the page, its state, which the address can carry, controls,
// numbers that are shown and spoken, and a loop that rests when nobody looks.

import { element, set } from './lib/dom.js';
import { readFragment, startState, writeFragment } from './lib/state.js';

// Start the demo in every <figure data-demo="name"> of the page. `fields` describe the state
// (lib/state.js). `build(frame)` makes the elements once and returns draw(state), which is called
// after every change. Outside a browser nothing happens, so that tests can import a demo's arithmetic.
export function mount(name, fields, build) {
  if (globalThis.document === undefined) return;
  const start = () => {
    for (const figure of document.querySelectorAll(`figure.demo[data-demo="${name}"]`)) {
      new Frame(figure, name, fields, build);
    }
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
}

class Frame {
  #fields;
  #name;
  #draw;
  #drawing = false;
  #bound = [];
  #players = [];
  #touched = false;
  #writing;
  #speaking;
  #spoken;
  #link;

  constructor(figure, name, fields, build) {
    Object.assign(this, { figure, calm: matchMedia('(prefers-reduced-motion: reduce)').matches });
    this.#name = name;
    this.#fields = fields;
    const linked = readFragment(location.hash, name, fields);
    this.linked = linked !== null;
    this.state = linked ?? startState(fields);
    this.box = element('div', { class: 'demo-box' });
    this.says = element('p', { class: 'demo-says' });
    this.#spoken = element('p', { class: 'demo-spoken', 'aria-live': 'polite' });
    this.#link = this.button('copy link', () => this.#copy());
    const foot = this.row(
      this.button('start again', () => this.reset()),
      this.#link,
    );
    foot.classList.add('demo-foot');
    figure.append(this.box, this.says, this.#spoken, foot); // `build` may move the sentence elsewhere
    for (const event of ['pointerdown', 'keydown']) {
      figure.addEventListener(event, () => (this.#touched = true), { capture: true });
    }
    this.#draw = build(this);
    this.#update();
    figure.classList.add('demo-ready');

    new MutationObserver(() => this.redraw()).observe(document.documentElement, {
      attributes: true,
      attributeFilter: ['data-theme'],
    });
    matchMedia('print').addEventListener('change', () => this.#update()); // at once: the printer does not wait
    addEventListener('hashchange', () => this.#follow());
    if (linked) figure.scrollIntoView();
  }

  // Change some fields of the state; everything that shows them follows.
  set(changes) {
    this.state = { ...this.state, ...changes };
    this.redraw();
    if (this.#touched) this.#remember();
  }

  // Go back to where the demo starts.
  reset() {
    for (const player of this.#players) player.stop();
    this.set(startState(this.#fields));
  }

  // Draw again, at the next frame of the screen, however often this is asked before it.
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => this.#update());
  }

  #update() {
    this.#drawing = false;
    for (const show of this.#bound) show(this.state);
    this.#draw(this.state);
  }

  // Elements.

  add(...nodes) {
    this.box.append(...nodes);
  }

  row(...nodes) {
    return element('div', { class: 'demo-row' }, ...nodes);
  }

  button(label, action) {
    return element('button', { type: 'button', class: 'demo-button', click: action }, label);
  }

  // A slider for a number field. `show` turns its value into the text beside it; `changed` hears of a reader's move.
  slider(field, label, { show = String, changed = () => {} } = {}) {
    const { min, max, step } = this.#fields[field];
    const shown = element('output');
    const input = element('input', { type: 'range', min, max, step, name: field });
    input.addEventListener('input', () => {
      this.set({ [field]: input.valueAsNumber });
      changed();
    });
    this.#bound.push((state) => {
      input.value = state[field];
      shown.value = show(state[field]);
      set(input, { 'aria-valuetext': shown.value });
    });
    return element('label', { class: 'demo-slider' }, element('span', {}, label), input, shown);
  }

  // A box to tick, for a flag.
  toggle(field, label) {
    const input = element('input', { type: 'checkbox', name: field });
    input.addEventListener('change', () => this.set({ [field]: input.checked }));
    this.#bound.push((state) => (input.checked = state[field]));
    return element('label', { class: 'demo-toggle' }, input, label);
  }

  // One of several, for a choice: `texts` maps its words to what the reader sees.
  choice(field, label, texts) {
    const group = `${this.figure.id}-${field}`;
    const inputs = Object.keys(texts).map((word) =>
      element('input', { type: 'radio', name: group, value: word }),
    );
    for (const input of inputs) {
      input.addEventListener('change', () => this.set({ [field]: input.value }));
    }
    this.#bound.push((state) => inputs.forEach((input) => (input.checked = input.value === state[field])));
    const labels = inputs.map((input) =>
      element('label', {}, input, element('span', {}, texts[input.value])),
    );
    return element('fieldset', { class: 'demo-choice' }, element('legend', {}, label), ...labels);
  }

  // Numbers with names: numbers({ loss: 'loss' }) returns [node, show], and show({ loss: '0.69' }) fills it.
  numbers(names) {
    const values = Object.fromEntries(Object.keys(names).map((key) => [key, element('dd')]));
    const pairs = Object.entries(names).map(([key, name]) =>
      element('div', {}, element('dt', {}, name), values[key]),
    );
    const show = (texts) =>
      Object.entries(texts).forEach(([key, value]) => (values[key].textContent = value));
    return [element('dl', { class: 'demo-numbers' }, ...pairs), show];
  }

  // One sentence under the demo. It is seen at once and spoken when it has rested for a moment.
  say(sentence) {
    this.says.textContent = sentence;
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => {
      if (this.#touched) this.#spoken.textContent = sentence;
    }, 700);
  }

  // A colour of the page's present theme: the CSS variable --demo-<name>, as #rrggbb.
  colour(name) {
    return getComputedStyle(this.figure).getPropertyValue(`--demo-${name}`).trim();
  }

  // A button that runs step() for every frame of the screen until it is pressed again or step returns false.
  // With `alone` it starts by itself, unless the reader prefers reduced motion.
  // Out of sight it rests.
  player(step, { play = 'play', pause = 'pause', alone = false } = {}) {
    const player = new Player(this.figure, step, play, pause, () => this.redraw());
    this.#players.push(player);
    if (alone && !this.calm) player.start();
    return player;
  }

  // The address.

  get link() {
    return location.href.split('#')[0] + writeFragment(this.#name, this.#fields, this.state);
  }

  #remember() {
    clearTimeout(this.#writing);
    this.#writing = setTimeout(() => {
      if (!this.#players.some((player) => player.running)) history.replaceState(null, '', this.link);
    }, 400);
  }

  #follow() {
    const linked = readFragment(location.hash, this.#name, this.#fields);
    if (!linked) return;
    for (const player of this.#players) player.stop();
    this.set(linked);
    this.figure.scrollIntoView();
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.link);
      this.#link.textContent = 'link copied';
      setTimeout(() => (this.#link.textContent = 'copy link'), 2000);
    } catch {
      // no clipboard, or no leave to use it: show the link, selected
      const shown = element('input', {
        readonly: true,
        value: this.link,
        'aria-label': 'link',
        class: 'demo-link',
      });
      this.#link.replaceWith(shown);
      shown.select();
    }
  }
}

class Player {
  #step;
  #frame;
  #seen = false;
  #texts;
  #changed;

  constructor(figure, step, play, pause, changed) {
    this.#step = step;
    this.#texts = { true: pause, false: play };
    this.#changed = changed;
    this.running = false;
    this.button = element(
      'button',
      {
        type: 'button',
        class: 'demo-button demo-play',
        click: () => (this.running ? this.stop() : this.start()),
      },
      play,
    );
    new IntersectionObserver(([entry]) => {
      this.#seen = entry.isIntersecting;
      this.#go();
    }).observe(figure);
  }

  start() {
    this.#turn(true);
  }

  stop() {
    this.#turn(false);
  }

  #turn(running) {
    this.running = running;
    this.button.textContent = this.#texts[running];
    this.#changed();
    this.#go();
  }

  #go() {
    cancelAnimationFrame(this.#frame);
    if (!this.running || !this.#seen) return;
    this.#frame = requestAnimationFrame(() => {
      if (this.#step() === false) this.stop();
      else this.#go();
    });
  }
}
