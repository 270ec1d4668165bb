// Draws what Python shows: streams, pictures, tables, widgets, errors.

const COLOURS = /\x1b\[[0-9;]*m/g; // eslint-disable-line no-control-regex
const MOST_TEXT = 100_000; // characters of a stream; a loop that prints must not freeze the page

export class OutputArea {
  constructor(element, manager, alt) {
    this.element = element;
    this.manager = manager;
    this.alt = alt;
    this.displays = new Map();
    this.clearLater = false;
    this.stream = null;
    element.replaceChildren();
  }

  clear(wait) {
    this.clearLater = wait;
    if (wait) return;
    this.element.replaceChildren();
    this.displays.clear();
    this.stream = null;
  }

  async add(kind, content) {
    if (kind === 'clear_output') return this.clear(content.wait);
    if (this.clearLater) this.clear(false);
    if (kind === 'stream') return this.addStream(content);
    if (kind !== 'update_display_data') this.stream = null; // an update stands where it stood
    if (kind === 'error') return this.addError(content);
    return this.addDisplay(kind, content);
  }

  addStream({ name, text }) {
    if (this.stream?.name !== name) {
      this.stream = { name, pre: this.append('pre', `live-stream live-${name}`), length: 0 };
    }
    const room = MOST_TEXT - this.stream.length;
    if (room <= 0) return;
    this.stream.length += text.length;
    const { pre } = this.stream;
    pre.append(text.slice(0, room));
    // a progress bar goes back to the start of its line and writes it anew
    if (text.includes('\r')) pre.textContent = pre.textContent.replace(/[^\n]*\r(?=[^\n])/g, '');
    if (text.length > room) pre.append('\n… the rest is not shown');
  }

  addError({ ename, evalue, traceback }) {
    const pre = this.append('pre', 'live-error');
    pre.setAttribute('role', 'alert');
    pre.textContent = (traceback.join('\n') || `${ename}: ${evalue}`).replace(COLOURS, '');
  }

  async addDisplay(kind, { data, metadata, transient }) {
    const id = transient?.display_id;
    let host = id && this.displays.get(id);
    if (!host) {
      if (kind === 'update_display_data') return;
      host = this.append('div', 'live-display');
      if (id) this.displays.set(id, host);
    }
    host.replaceChildren();
    await this.manager.drawBundle(data, metadata ?? {}, host);
    for (const image of host.querySelectorAll('img:not([alt])'))
      image.alt = this.alt ?? 'Drawn by the cell above';
  }

  append(tag, className) {
    const element = document.createElement(tag);
    element.className = className;
    this.element.append(element);
    return element;
  }
}

/** Put an output where a widget asked for it (`with Output():`, interact); return whether one did. */
export async function toOutputWidget(manager, { parent, kind, content }) {
  const model = await manager.outputWidgetFor(parent);
  if (!model) return false;
  const set = (outputs) => {
    model.set('outputs', outputs, {});
    model.save_changes();
  };
  if (kind === 'clear_output') {
    model.clearLater = content.wait;
    if (!content.wait) set([]);
    return true;
  }
  const outputs = model.clearLater ? [] : [...model.get('outputs')];
  model.clearLater = false;
  const last = outputs.at(-1);
  if (kind === 'stream' && last?.output_type === 'stream' && last.name === content.name) {
    outputs[outputs.length - 1] = { ...last, text: last.text + content.text };
  } else {
    const { transient, ...stored } = content; // eslint-disable-line no-unused-vars
    outputs.push({ output_type: kind, ...stored });
  }
  set(outputs);
  return true;
}
