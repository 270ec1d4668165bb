// What the reader has solved and written, in this browser's own storage; nothing is sent anywhere.

const PREFIX = 'mininet-course:';
const PROGRESS = `${PREFIX}progress`;
const CHOICES = `${PREFIX}predictions:`;

/** What the course keeps in one browser. */
export class Store {
  #storage;
  #cells;

  /**
   * @param {string} page the page's name, under which its changed cells are kept
   * @param {Omit<Storage, 'clear'> | undefined} storage a browser's localStorage
   */
  constructor(page, storage = safely(() => window.localStorage)) {
    this.#storage = storage;
    this.#cells = `${PREFIX}cells:${page}`;
  }

  /** The exercises' record, as the text of the file that `mininet_course` writes; '' if there is none. */
  get progress() {
    return safely(() => this.#storage?.getItem(PROGRESS)) ?? '';
  }

  /**
   * Add to the record what one Python has noted, exercise by exercise: another tab has a Python of its own, whose
   * notes stay. "pass" is never taken back. What is kept and cannot be read is left as it is.
   *
   * @param {string} before the record as this Python knew it
   * @param {string} now the record as it has written it
   * @returns {boolean} whether it is kept
   */
  add(before, now) {
    const known = parsed(before) ?? {};
    const kept = parsed(this.progress);
    const noted = parsed(now);
    if (!kept || !noted) return false;
    for (const [name, entry] of Object.entries(noted)) {
      if (JSON.stringify(entry) !== JSON.stringify(known[name])) kept[name] = merged(kept[name], entry);
    }
    return safely(() => this.#write(PROGRESS, JSON.stringify(kept, null, 1))) ?? false;
  }

  /**
   * How many of a chapter's exercises are solved.
   *
   * @param {string} chapter
   */
  solved(chapter) {
    const names = Object.keys(this.#record());
    return names.filter((name) => name.startsWith(`${chapter}.`) && this.outcome(name) === 'pass').length;
  }

  /**
   * How the last try of an exercise ended, in the record's words; "pass" stays. '' if it was never tried.
   *
   * @param {string} name
   */
  outcome(name) {
    return this.#record()[name]?.outcome ?? '';
  }

  /** @returns {Record<string, { outcome?: string } | undefined>} the record, by exercise; empty if it is none */
  #record() {
    return parsed(this.progress) ?? {};
  }

  /**
   * What the reader has written in place of a cell's text, or undefined. A cell that the book has changed is new.
   *
   * @param {string} original
   * @returns {string | undefined}
   */
  changed(original) {
    return this.#all()[original];
  }

  /**
   * Keep what the reader has written in place of a cell's text; undefined, or the same text, deletes it.
   *
   * @param {string} original
   * @param {string | undefined} text
   */
  keep(original, text) {
    const kept = this.#all();
    if (text === undefined || text === original) delete kept[original];
    else kept[original] = text;
    safely(() => this.#storage?.setItem(this.#cells, JSON.stringify(kept)));
  }

  /**
   * What the reader has predicted on a page, a letter for each question. A question that the book has changed is new.
   *
   * @param {string} page
   * @returns {Record<string, string>}
   */
  choices(page) {
    return this.#read(CHOICES + page);
  }

  /**
   * Keep a prediction.
   *
   * @param {string} page
   * @param {string} question
   * @param {string} letter
   */
  choose(page, question, letter) {
    const kept = { ...this.choices(page), [question]: letter };
    safely(() => this.#storage?.setItem(CHOICES + page, JSON.stringify(kept)));
  }

  /**
   * Write, or fail as the browser does: storage may be full, or forbidden.
   *
   * @param {string} name
   * @param {string} text
   * @returns {true}
   */
  #write(name, text) {
    if (!this.#storage) throw new Error('this browser keeps nothing');
    this.#storage.setItem(name, text);
    return true;
  }

  /** Delete everything that the course has kept in this browser, of all pages. */
  forget() {
    safely(() => {
      const storage = this.#storage;
      if (!storage) return;
      const names = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '');
      for (const name of names) if (name.startsWith(PREFIX)) storage.removeItem(name);
    });
  }

  /**
   * What is kept under a name, by its own names; empty if it is nothing that this course has written.
   *
   * @param {string} name
   * @returns {Record<string, string>}
   */
  #read(name) {
    const kept = safely(() => JSON.parse(this.#storage?.getItem(name) ?? 'null'));
    return kept && typeof kept === 'object' ? kept : {};
  }

  /** @returns {Record<string, string>} this page's changed cells, by their original text */
  #all() {
    return this.#read(this.#cells);
  }
}

/**
 * What is noted of an exercise; a newer version of the course may note more.
 *
 * @typedef {{ outcome?: string, hints?: number }} Entry
 */

/**
 * Return the record that a text holds; undefined if it holds none.
 *
 * @param {string} text
 * @returns {Record<string, Entry> | undefined}
 */
function parsed(text) {
  const record = safely(() => JSON.parse(text || '{}'));
  return record && typeof record === 'object' && !Array.isArray(record) ? record : undefined;
}

/**
 * Return what is noted of an exercise in two tabs.
 *
 * @param {Entry | undefined} kept
 * @param {Entry} noted
 * @returns {Entry}
 */
function merged(kept, noted) {
  if (!kept || typeof kept !== 'object') return noted;
  const outcome = kept.outcome === 'pass' ? kept.outcome : noted.outcome;
  return { ...kept, ...noted, outcome, hints: Math.max(kept.hints ?? 0, noted.hints ?? 0) };
}

/**
 * A browser may forbid storage altogether; the page works without.
 *
 * @template T
 * @param {() => T} act
 * @returns {T | undefined}
 */
function safely(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
