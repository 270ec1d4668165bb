// The page as a notebook file, with the reader's own changes in it.

/**
 * What of a notebook's format is looked at here.
 *
 * @typedef {object} NotebookCell
 * @property {string} cell_type
 * @property {string | string[]} source
 * @property {object[]} [outputs]
 * @property {number | null} [execution_count]
 */

/** A notebook as it was when the book was built. */
export class Notebook {
  #content;

  /** @param {string} address */
  static async fetch(address) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address} is missing (${response.status})`);
    return new Notebook(await response.json());
  }

  /** @param {{ cells: NotebookCell[] }} content */
  constructor(content) {
    this.#content = content;
  }

  /**
   * The notebook's text with the cells' present code in place of the original, and no outputs.
   *
   * @param {{ original: string, code: string }[]} cells
   */
  with(cells) {
    const codes = new Map(cells.map(({ original, code }) => [original, code]));
    const changed = structuredClone(this.#content);
    for (const cell of changed.cells.filter(({ cell_type }) => cell_type === 'code')) {
      const source = [cell.source].flat().join('');
      cell.source = codes.get(source.trimEnd()) ?? source;
      cell.outputs = [];
      cell.execution_count = null;
    }
    return JSON.stringify(changed, null, 1);
  }
}
