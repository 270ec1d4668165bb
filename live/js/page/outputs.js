// Draws what Python shows: streams, pictures, tables, widgets, errors.

/** @import { Display, DisplayKind, JSONObject, Output, OutputMessage, PythonError, Stream } from '../messages.js' */
/** @import { WidgetModel } from '@jupyter-widgets/base' */
/** @import { LiveManager } from './widgets.js' */

const COLOURS = /\x1b\[[0-9;]*m/g; // eslint-disable-line no-control-regex
const MOST_TEXT = 100_000; // characters of a stream; a loop that prints must not freeze the page

/** What one run of a cell has shown so far. */
export class OutputArea {
  #element;
  #manager;
  #alt;
  /** @type {Map<string, HTMLElement>} by the ids with which Python changes them later */
  #displays = new Map();
  #clearLater = false;
  /** @type {{ name: string, pre: HTMLElement, length: number } | null} the one that text is added to */
  #stream = null;

  /**
   * @param {Element} element emptied, then filled
   * @param {LiveManager} manager
   * @param {string} [alt] describes pictures
   */
  constructor(element, manager, alt) {
    this.#element = element;
    this.#manager = manager;
    this.#alt = alt;
    element.replaceChildren();
  }

  /**
   * Show one more output.
   *
   * @param {Output} output
   */
  async add(output) {
    const { kind, content } = output;
    if (kind === 'clear_output') return this.#clear(content.wait);
    if (this.#clearLater) this.#clear(false);
    if (kind === 'stream') return this.#addStream(content);
    if (kind !== 'update_display_data') this.#stream = null; // an update stands where it stood
    if (kind === 'error') return this.#addError(content);
    return this.#addDisplay(kind, content);
  }

  /** @param {boolean} wait until the next output, so that nothing flickers */
  #clear(wait) {
    this.#clearLater = wait;
    if (wait) return;
    this.#element.replaceChildren();
    this.#displays.clear();
    this.#stream = null;
  }

  /** @param {Stream} content */
  #addStream({ name, text }) {
    if (this.#stream?.name !== name) {
      this.#stream = { name, pre: this.#append('pre', `live-stream live-${name}`), length: 0 };
    }
    const room = MOST_TEXT - this.#stream.length;
    if (room <= 0) return;
    this.#stream.length += text.length;
    const { pre } = this.#stream;
    pre.append(text.slice(0, room));
    // a progress bar goes back to the start of its line and writes it anew
    if (text.includes('\r')) pre.textContent = pre.textContent.replace(/[^\n]*\r(?=[^\n])/g, '');
    if (text.length > room) pre.append('\n… the rest is not shown');
  }

  /** @param {PythonError} content */
  #addError({ ename, evalue, traceback }) {
    const pre = this.#append('pre', 'live-error');
    pre.setAttribute('role', 'alert');
    pre.textContent = (traceback.join('\n') || `${ename}: ${evalue}`).replace(COLOURS, '');
  }

  /**
   * @param {DisplayKind} kind
   * @param {Display} content
   */
  async #addDisplay(kind, { data, metadata, transient }) {
    const id = transient?.display_id;
    let host = id && this.#displays.get(id);
    if (!host) {
      if (kind === 'update_display_data') return;
      host = this.#append('div', 'live-display');
      if (id) this.#displays.set(id, host);
    }
    host.replaceChildren();
    await this.#manager.drawBundle(data, metadata ?? {}, host);
    for (const image of host.querySelectorAll('img')) {
      if (!image.hasAttribute('alt')) image.alt = this.#alt ?? 'Drawn by the cell above';
    }
  }

  /**
   * @param {'pre' | 'div'} tag
   * @param {string} className
   */
  #append(tag, className) {
    const element = document.createElement(tag);
    element.className = className;
    this.#element.append(element);
    return element;
  }
}

/** @type {WeakSet<WidgetModel>} output widgets that the next output empties */
const clearedLater = new WeakSet();

/**
 * Put an output where a widget asked for it (`with Output():`, interact); return whether one did.
 *
 * @param {LiveManager} manager
 * @param {OutputMessage} message
 */
export async function toOutputWidget(manager, { parent, kind, content }) {
  const model = await manager.outputWidgetFor(parent);
  if (!model) return false;
  const set = (/** @type {JSONObject[]} */ outputs) => {
    model.set('outputs', outputs, {});
    model.save_changes();
  };
  if (kind === 'clear_output') {
    if (content.wait) {
      clearedLater.add(model);
    } else {
      clearedLater.delete(model);
      set([]);
    }
    return true;
  }
  const outputs = clearedLater.delete(model) ? [] : [...model.get('outputs')];
  const last = outputs.at(-1);
  if (kind === 'stream' && last?.output_type === 'stream' && last.name === content.name) {
    outputs[outputs.length - 1] = { ...last, text: last.text + content.text };
  } else {
    const stored = { output_type: kind, ...content };
    if ('transient' in stored) delete stored.transient;
    outputs.push(stored);
  }
  set(outputs);
  return true;
}
