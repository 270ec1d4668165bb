// What the reader has solved and written, in this browser's own storage; nothing is sent anywhere.

const PREFIX = 'mininet-course:';
const PROGRESS = `${PREFIX}progress`;

export class Store {
  /** `page` is the page's name, under which its changed cells are kept; `storage` is a browser's localStorage. */
  constructor(page, storage = safely(() => window.localStorage)) {
    this.storage = storage;
    this.cells = `${PREFIX}cells:${page}`;
  }

  /** The exercises' record, as the text of the file that `mininet_course` writes; '' if there is none. */
  get progress() {
    return safely(() => this.storage.getItem(PROGRESS)) ?? '';
  }

  set progress(text) {
    safely(() => this.storage.setItem(PROGRESS, text));
  }

  /** How many of a chapter's exercises are solved. */
  solved(chapter) {
    const record = safely(() => Object.entries(JSON.parse(this.progress))) ?? [];
    return record.filter(([name, { outcome }]) => name.startsWith(`${chapter}.`) && outcome === 'pass')
      .length;
  }

  /** What the reader has written in place of a cell's text, or undefined. A cell that the book has changed is new. */
  changed(original) {
    return this.all()[original];
  }

  keep(original, text) {
    const kept = this.all();
    if (text === undefined || text === original) delete kept[original];
    else kept[original] = text;
    safely(() => this.storage.setItem(this.cells, JSON.stringify(kept)));
  }

  all() {
    const kept = safely(() => JSON.parse(this.storage.getItem(this.cells)));
    return kept && typeof kept === 'object' ? kept : {};
  }

  /** Delete everything that the course has kept in this browser, of all pages. */
  forget() {
    safely(() => {
      const names = Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i));
      for (const name of names) if (name.startsWith(PREFIX)) this.storage.removeItem(name);
    });
  }
}

/** A browser may forbid storage altogether; the page works without. */
function safely(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
