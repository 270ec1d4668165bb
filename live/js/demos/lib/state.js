// The state of a demo as text in the address: `#demo-neuron:w1=1.2&w2=-0.5`.
//
// A demo describes its state by fields; a field knows where it starts, reads itself from text
// (undefined for what it does not accept) and writes itself. Only fields that the demo names are
// ever read, so a foreign link can set nothing else.

const NUMBER = /^-?\d{1,7}(\.\d{1,12})?(e-\d{1,2})?$/;
const LONGEST = 4000; // characters of a link that are looked at

// A number from min to max, in a slider's steps. Training may carry it further, up to ±limit.
export function number({ start, min, max, step, limit }) {
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

// A whole number, likewise.
export function whole(range) {
  const field = number(range);
  return { ...field, read: (text) => (Number.isInteger(field.read(text)) ? field.read(text) : undefined) };
}

// One of a few words.
export function choice(start, words) {
  return { start, words, read: (text) => (words.includes(text) ? text : undefined), write: (value) => value };
}

// Yes or no.
export function flag(start) {
  const read = (text) => (text === '1' ? true : text === '0' ? false : undefined);
  return { start, read, write: (value) => (value ? '1' : '0') };
}

// Rows of numbers, such as points: `1.5,2,0_3,4,1`. Each column is a number field; from `least` to `most` rows.
export function rows({ start, columns, least = 0, most }) {
  return {
    start,
    read(text) {
      const read =
        text === ''
          ? []
          : text.split('_').map((row) => {
              const cells = row.split(',');
              return cells.length === columns.length && cells.map((cell, i) => columns[i].read(cell));
            });
      const sound = read.every((row) => row && !row.includes(undefined));
      return sound && read.length >= least && read.length <= most ? read : undefined;
    },
    write: (value) => value.map((row) => row.map((cell, i) => columns[i].write(cell)).join(',')).join('_'),
  };
}

// Return the state a demo starts with.
export function startState(fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, structuredClone(field.start)]),
  );
}

// Return the state that the fragment asks for, null if it is not about this demo.
// What is missing or not acceptable keeps its start.
export function readFragment(hash, demo, fields) {
  const prefix = `#demo-${demo}:`;
  if (!hash.startsWith(prefix) || hash.length > LONGEST) return null;
  const given = new URLSearchParams(hash.slice(prefix.length));
  const state = startState(fields);
  for (const [name, field] of Object.entries(fields)) {
    const value = given.has(name) ? field.read(given.get(name)) : undefined;
    if (value !== undefined) state[name] = value;
  }
  return state;
}

// Return the fragment of a state; fields that stand where they start are left out.
export function writeFragment(demo, fields, state) {
  const parts = Object.entries(fields)
    .map(([name, field]) => [name, field.write(state[name]), field.write(field.start)])
    .filter(([, now, start]) => now !== start)
    .map(([name, now]) => `${name}=${now}`);
  return `#demo-${demo}:${parts.join('&')}`;
}
