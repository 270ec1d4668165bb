// Jupyter's own widget manager, for this page's kernel; a script of its own, loaded on the first press.
import { HTMLManager } from '@jupyter-widgets/html-manager/lib/htmlmanager';
import * as ipycanvas from 'ipycanvas/lib/widget';
import { Comm } from './python.js';

/** @import { JSONObject } from '../messages.js' */
/** @import { WidgetModel } from '@jupyter-widgets/base' */

/**
 * Widgets of other packages are those bundled here; nothing is fetched from elsewhere.
 *
 * @param {string} name
 */
async function loader(name) {
  if (name !== 'ipycanvas') throw new Error(`widgets of ${name} cannot be shown here`);
  return ipycanvas;
}

/** Draws widgets and outputs, and keeps the widgets' models. */
export class LiveManager extends HTMLManager {
  #kernel;

  /** @param {import('./python.js').Kernel} kernel */
  constructor(kernel) {
    super({ loader });
    this.#kernel = kernel;
  }

  /**
   * Called by the manager for a widget that JavaScript makes.
   *
   * @override
   * @param {string} target
   * @param {string} id
   * @param {JSONObject} [data]
   * @param {JSONObject} [metadata]
   * @param {ArrayBuffer[] | ArrayBufferView[]} [buffers]
   */
  async _create_comm(target, id, data, metadata, buffers) {
    const comm = new Comm(this.#kernel, target, id);
    comm.open(data, undefined, metadata, buffers);
    return comm;
  }

  /** @override */
  async _get_comm_info() {
    return {};
  }

  /**
   * Draw the richest form of an output that the page can show.
   *
   * @param {JSONObject} data by MIME type
   * @param {JSONObject} metadata
   * @param {HTMLElement} host
   */
  async drawBundle(data, metadata, host) {
    const kind = this.renderMime.preferredMimeType(data, 'any');
    if (!kind) return;
    const renderer = this.renderMime.createRenderer(kind);
    host.append(renderer.node);
    host.dataset.kind = kind;
    await renderer.renderModel({ data, metadata, trusted: true, setData() {} });
  }

  /**
   * The output widget that collects what a message brings about, if there is one.
   *
   * @param {string | null} parent the message's id
   * @returns {Promise<WidgetModel | undefined>}
   */
  async outputWidgetFor(parent) {
    // in brackets: the manager's types call its list of models private, and it has no other
    for (const promise of Object.values(this['_models'])) {
      const model = await promise;
      if (model.get('_model_name') === 'OutputModel' && model.get('msg_id') === parent) return model;
    }
    return undefined;
  }
}

// widgets ask for formulas in the words of MathJax 2; the page has MathJax 3
if (window.MathJax) {
  window.MathJax.Hub ??= { Queue: ([, , element]) => window.MathJax?.typesetPromise?.([element]) };
}

window.liveWidgets = { LiveManager };
