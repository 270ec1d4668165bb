// The state of a demo as text in the address: `#demo-neuron:w1=1.2&w2=-0.5`.
//
// A demo describes its state by fields; a field knows where it starts, reads itself from text
// (undefined for what it does not accept) and writes itself. Only fields that the demo names are
// ever read, so a foreign link can set nothing else.

/**
 * @template T
 * @typedef {{ start: T, read(text: string): T | undefined, write(value: T): string }} Field
 */

/** @typedef {Record<string, Field<unknown>>} Fields by their names in the state and in a link */

/**
 * The state that fields describe.
 *
 * @template {Fields} F
 * @typedef {{ [K in keyof F]: F[K]['start'] }} StateOf
 */

/** @typedef {{ min?: number, max?: number, step?: number }} Range of a slider */
/** @typedef {Range & { start?: number, limit?: number }} NumberOptions */
/** @typedef {Field<number> & Range} NumberField */

const NUMBER = /^-?\d{1,7}(\.\d{1,12})?(e-\d{1,2})?$/;
const LONGEST = 4000; // characters of a link that are looked at

/**
 * A number from min to max, in a slider's steps. Training may carry it further, up to ±limit.
 *
 * @param {NumberOptions} options
 * @returns {NumberField}
 */
export function number({ start = 0, min = -Infinity, max = Infinity, step, limit }) {
  const [low, high] = limit === undefined ? [min, max] : [-limit, limit];
  return {
    start,
    min,
    max,
    step,
    read(text) {
      const value = NUMBER.test(text) ? Number(text) : NaN;
      return value >= low && value <= high ? value : undefined;
    },
    write: (value) => String(Number(value.toPrecision(6))),
  };
}

/**
 * A whole number, likewise.
 *
 * @param {NumberOptions} options
 * @returns {NumberField}
 */
export function whole(options) {
  const field = number(options);
  return { ...field, read: (text) => (Number.isInteger(field.read(text)) ? field.read(text) : undefined) };
}

/**
 * One of a few words.
 *
 * @template {string} W
 * @param {NoInfer<W>} start
 * @param {readonly W[]} words
 * @returns {Field<W>}
 */
export function choice(start, words) {
  return { start, read: (text) => words.find((word) => word === text), write: (value) => value };
}

/**
 * Yes or no.
 *
 * @param {boolean} start
 * @returns {Field<boolean>}
 */
export function flag(start) {
  return {
    start,
    read: (text) => (text === '1' ? true : text === '0' ? false : undefined),
    write: (value) => (value ? '1' : '0'),
  };
}

/**
 * Rows of numbers, such as points: `1.5,2,0_3,4,1`.
 *
 * @template {number[]} R
 * @param {object} options
 * @param {R[]} options.start
 * @param {NumberField[]} options.columns
 * @param {number} [options.least] how many rows
 * @param {number} options.most
 * @returns {Field<R[]>}
 */
export function rows({ start, columns, least = 0, most }) {
  const row = (/** @type {string} */ text) => {
    const cells = text.split(',');
    if (cells.length !== columns.length) return undefined;
    const values = cells.map((cell, i) => columns[i].read(cell));
    return values.includes(undefined) ? undefined : /** @type {R} */ (values);
  };
  return {
    start,
    read(text) {
      const read = text === '' ? [] : text.split('_').map(row);
      const sound = read.filter((values) => values !== undefined);
      const complete = sound.length === read.length && read.length >= least && read.length <= most;
      return complete ? sound : undefined;
    },
    write: (value) => value.map((row) => row.map((cell, i) => columns[i].write(cell)).join(',')).join('_'),
  };
}

/**
 * Return the state a demo starts with.
 *
 * @template {Fields} F
 * @param {F} fields
 */
export function startState(fields) {
  const starts = Object.entries(fields).map(([name, field]) => [name, structuredClone(field.start)]);
  return /** @type {StateOf<F>} */ (Object.fromEntries(starts));
}

/**
 * Return the state that the fragment asks for, null if it is not about this demo.
 * What is missing or not acceptable keeps its start.
 *
 * @template {Fields} F
 * @param {string} hash
 * @param {string} demo
 * @param {F} fields
 * @returns {StateOf<F> | null}
 */
export function readFragment(hash, demo, fields) {
  const prefix = `#demo-${demo}:`;
  if (!hash.startsWith(prefix) || hash.length > LONGEST) return null;
  const given = new URLSearchParams(hash.slice(prefix.length));
  /** @type {Record<string, unknown>} */
  const accepted = {};
  for (const [name, field] of Object.entries(fields)) {
    const text = given.get(name);
    const value = text === null ? undefined : field.read(text);
    if (value !== undefined) accepted[name] = value;
  }
  return { ...startState(fields), ...accepted };
}

/**
 * Return the fragment of a state; fields that stand where they start are left out.
 *
 * @template {Fields} F
 * @param {string} demo
 * @param {F} fields
 * @param {StateOf<F>} state
 */
export function writeFragment(demo, fields, state) {
  const parts = Object.entries(fields)
    .map(([name, field]) => [name, field.write(state[name]), field.write(field.start)])
    .filter(([, now, start]) => now !== start)
    .map(([name, now]) => `${name}=${now}`);
  return `#demo-${demo}:${parts.join('&')}`;
}
