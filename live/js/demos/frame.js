// What every demo shares: its place in the page, its state, which the address can carry, controls,
// numbers that are shown and spoken, and a loop that rests when nobody looks.

import { element, set } from './lib/dom.js';
import { readFragment, startState, writeFragment } from './lib/state.js';

/** @import { Fields, NumberField, StateOf } from './lib/state.js' */

/**
 * The names of those fields that hold a T.
 *
 * @template {Fields} F
 * @template T
 * @typedef {{ [K in keyof F]: F[K]['start'] extends T ? K : never }[keyof F] & string} NamesOf
 */

/**
 * What makes a demo's elements, once; it returns what draws a state, called after every change.
 *
 * @template {Fields} F
 * @typedef {(frame: Frame<F>) => (state: StateOf<F>) => void} Build
 */

/**
 * What a part of a demo may ask of its frame, whatever the demo's fields are.
 *
 * @typedef {Pick<Frame<Fields>, 'colour' | 'figure' | 'redraw'>} Host
 */

/**
 * Start the demo in every <figure data-demo="name"> of the page. Outside a browser nothing happens, so that tests can
 * import a demo's arithmetic.
 *
 * @template {Fields} F
 * @param {string} name
 * @param {F} fields
 * @param {Build<F>} build
 */
export function mount(name, fields, build) {
  if (globalThis.document === undefined) return;
  const start = () => {
    /** @type {NodeListOf<HTMLElement>} */
    const figures = document.querySelectorAll(`figure.demo[data-demo="${name}"]`);
    for (const figure of figures) new Frame(figure, name, fields, build);
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
}

/**
 * A demo in its place.
 *
 * @template {Fields} F
 */
export class Frame {
  #name;
  #fields;
  #draw;
  #drawing = false;
  /** @type {((state: StateOf<F>) => void)[]} */
  #bound = [];
  /** @type {Player[]} */
  #players = [];
  #touched = false; // by the reader: what a demo does by itself is neither spoken nor put into the address
  /** @type {number | undefined} */
  #writing;
  /** @type {number | undefined} */
  #speaking;
  #spoken = element('p', { class: 'demo-spoken', 'aria-live': 'polite' });
  #link = this.button('copy link', () => this.#copy());

  /** Does the reader prefer reduced motion? */
  calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  box = element('div', { class: 'demo-box' });
  /** The sentence under the demo; `build` may move it elsewhere. */
  says = element('p', { class: 'demo-says' });

  /**
   * @param {HTMLElement} figure
   * @param {string} name
   * @param {F} fields
   * @param {Build<F>} build
   */
  constructor(figure, name, fields, build) {
    this.figure = figure;
    this.#name = name;
    this.#fields = fields;
    const linked = readFragment(location.hash, name, fields);
    /** Did a link bring the reader here? */
    this.linked = linked !== null;
    this.state = linked ?? startState(fields);
    const foot = this.row(
      this.button('start again', () => this.reset()),
      this.#link,
    );
    foot.classList.add('demo-foot');
    figure.append(this.box, this.says, this.#spoken, foot);
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

  /**
   * Change some fields of the state; everything that shows them follows.
   *
   * @param {Partial<StateOf<F>>} changes
   */
  set(changes) {
    this.state = { ...this.state, ...changes };
    this.redraw();
    if (this.#touched) this.#remember();
  }

  /** Go back to where the demo starts. */
  reset() {
    for (const player of this.#players) player.stop();
    this.set(startState(this.#fields));
  }

  /** Draw again, at the next frame of the screen, however often this is asked before it. */
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

  /**
   * Put nodes into the demo's box.
   *
   * @param {...(Node | string)} nodes
   */
  add(...nodes) {
    this.box.append(...nodes);
  }

  /**
   * Return nodes side by side.
   *
   * @param {...(Node | string)} nodes
   */
  row(...nodes) {
    return element('div', { class: 'demo-row' }, ...nodes);
  }

  /**
   * Return a button that does something.
   *
   * @param {string} label
   * @param {() => void} action
   */
  button(label, action) {
    return element('button', { type: 'button', class: 'demo-button', click: action }, label);
  }

  /**
   * A slider for a number field.
   *
   * @param {NamesOf<F, number>} field
   * @param {string} label
   * @param {object} [options]
   * @param {(value: number) => string} [options.show] turns its value into the text beside it
   * @param {() => void} [options.changed] hears of a reader's move
   */
  slider(field, label, { show = String, changed = () => {} } = {}) {
    const { min, max, step } = /** @type {NumberField} */ (this.#fields[field]);
    const shown = element('output');
    const input = element('input', { type: 'range', min, max, step, name: field });
    input.addEventListener('input', () => {
      this.#setOne(field, input.valueAsNumber);
      changed();
    });
    this.#bound.push((state) => {
      const value = /** @type {number} */ (state[field]);
      input.value = String(value);
      shown.value = show(value);
      set(input, { 'aria-valuetext': shown.value });
    });
    return element('label', { class: 'demo-slider' }, element('span', {}, label), input, shown);
  }

  /**
   * A box to tick, for a flag.
   *
   * @param {NamesOf<F, boolean>} field
   * @param {string} label
   */
  toggle(field, label) {
    const input = element('input', { type: 'checkbox', name: field });
    input.addEventListener('change', () => this.#setOne(field, input.checked));
    this.#bound.push((state) => (input.checked = Boolean(state[field])));
    return element('label', { class: 'demo-toggle' }, input, label);
  }

  /**
   * One of several, for a choice.
   *
   * @template {NamesOf<F, string>} K
   * @param {K} field
   * @param {string} label
   * @param {Record<StateOf<F>[K] & string, string>} texts what the reader sees for each word
   */
  choice(field, label, texts) {
    const group = `${this.figure.id}-${field}`;
    const options = Object.entries(texts).map(([word, text]) => {
      const input = element('input', { type: 'radio', name: group, value: word });
      input.addEventListener('change', () => this.#setOne(field, word));
      this.#bound.push((state) => (input.checked = word === state[field]));
      return element('label', {}, input, element('span', {}, String(text)));
    });
    return element('fieldset', { class: 'demo-choice' }, element('legend', {}, label), ...options);
  }

  /**
   * Numbers with names: numbers({ loss: 'loss' }) returns [node, show], and show({ loss: '0.69' }) fills it.
   *
   * @template {string} K
   * @param {Record<K, string>} names
   * @returns {[HTMLElement, (texts: Record<K, string>) => void]}
   */
  numbers(names) {
    const shown = new Map(Object.keys(names).map((key) => [key, element('dd')]));
    const pairs = [...shown].map(([key, value]) =>
      element('div', {}, element('dt', {}, names[/** @type {K} */ (key)]), value),
    );
    const show = (/** @type {Record<K, string>} */ texts) => {
      for (const [key, value] of shown) value.textContent = texts[/** @type {K} */ (key)];
    };
    return [element('dl', { class: 'demo-numbers' }, ...pairs), show];
  }

  /**
   * One sentence under the demo. It is seen at once and spoken when it has rested for a moment.
   *
   * @param {string} sentence
   */
  say(sentence) {
    this.says.textContent = sentence;
    clearTimeout(this.#speaking);
    this.#speaking = window.setTimeout(() => {
      if (this.#touched) this.#spoken.textContent = sentence;
    }, 700);
  }

  /**
   * A colour of the page's present theme: the CSS variable --demo-<name>, as #rrggbb.
   *
   * @param {string} name
   */
  colour(name) {
    return getComputedStyle(this.figure).getPropertyValue(`--demo-${name}`).trim();
  }

  /**
   * A button that calls `step` for every frame of the screen until it is pressed again or step returns false.
   * Out of sight it rests.
   *
   * @param {() => boolean} step
   * @param {object} [options]
   * @param {string} [options.play] the button's text while it rests
   * @param {string} [options.pause] and while it runs
   * @param {boolean} [options.alone] start by itself, unless the reader prefers reduced motion
   */
  player(step, { play = 'play', pause = 'pause', alone = false } = {}) {
    const player = new Player(this.figure, step, { play, pause, changed: () => this.redraw() });
    this.#players.push(player);
    if (alone && !this.calm) player.start();
    return player;
  }

  // The address.

  /** The page's address with the demo's state in it. */
  get link() {
    return location.href.split('#')[0] + writeFragment(this.#name, this.#fields, this.state);
  }

  /**
   * @param {keyof F} field
   * @param {unknown} value of the field's type: it comes from a control made for it
   */
  #setOne(field, value) {
    this.set(/** @type {Partial<StateOf<F>>} */ ({ [field]: value }));
  }

  /** Put the state into the address, when the reader rests and nothing plays. */
  #remember() {
    clearTimeout(this.#writing);
    this.#writing = window.setTimeout(() => {
      if (!this.#players.some((player) => player.running)) history.replaceState(null, '', this.link);
    }, 400);
  }

  /** Another link to this page was opened. */
  #follow() {
    const linked = readFragment(location.hash, this.#name, this.#fields);
    if (!linked) return;
    for (const player of this.#players) player.stop();
    this.set(linked);
    this.figure.scrollIntoView();
  }

  /** Put the link on the clipboard. */
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

/** Calls a step for every frame of the screen, by a button. */
export class Player {
  running = false;
  #step;
  #texts;
  #changed;
  #seen = false;
  #frame = 0;

  /**
   * @param {Element} figure out of its sight the player rests
   * @param {() => boolean} step
   * @param {{ play: string, pause: string, changed: () => void }} texts the button's, and what hears of a change
   */
  constructor(figure, step, { play, pause, changed }) {
    this.#step = step;
    this.#texts = { play, pause };
    this.#changed = changed;
    const click = () => (this.running ? this.stop() : this.start());
    this.button = element('button', { type: 'button', class: 'demo-button demo-play', click }, play);
    new IntersectionObserver(([entry]) => {
      this.#seen = entry.isIntersecting;
      this.#go();
    }).observe(figure);
  }

  /** Run, as if the button had been pressed. */
  start() {
    this.#turn(true);
  }

  /** Rest. */
  stop() {
    this.#turn(false);
  }

  /** @param {boolean} running */
  #turn(running) {
    this.running = running;
    this.button.textContent = running ? this.#texts.pause : this.#texts.play;
    this.#changed();
    this.#go();
  }

  /** Ask for the next frame, or none. */
  #go() {
    cancelAnimationFrame(this.#frame);
    if (!this.running || !this.#seen) return;
    this.#frame = requestAnimationFrame(() => {
      if (this.#step() === false) this.stop();
      else this.#go();
    });
  }
}
