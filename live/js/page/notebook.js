// The page as a notebook file, with the reader's own changes in it.

export class Notebook {
  static async fetch(address) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address} is missing (${response.status})`);
    return new Notebook(await response.json());
  }

  constructor(content) {
    this.content = content;
  }

  /** The notebook's text with the cells' present code in place of the original, and no outputs. */
  with(cells) {
    const codes = new Map(cells.map(({ original, code }) => [original, code]));
    const changed = structuredClone(this.content);
    for (const cell of changed.cells.filter(({ cell_type }) => cell_type === 'code')) {
      const source = [cell.source].flat().join('');
      cell.source = codes.get(source.trimEnd()) ?? source;
      cell.outputs = [];
      cell.execution_count = null;
    }
    return JSON.stringify(changed, null, 1);
  }
}
