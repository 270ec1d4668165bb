// Names on `window`: scripts that the page loads one by one have no other way to find each other.

interface Window {
  /** For tests, and for the curious in the browser's console. */
  live?: {
    kernel: import('./page/python.js').Kernel;
    cells: import('./page/cells.js').Cells;
    bar: import('./page/bar.js').Bar;
    store: import('./page/store.js').Store;
  };
  liveEditor: { open: typeof import('./page/editor.js').open };
  liveWidgets: { LiveManager: typeof import('./page/widgets.js').LiveManager };
  /** The theme's MathJax 3, and what widgets ask of MathJax 2. */
  MathJax?: {
    Hub?: { Queue(call: [string, unknown, Element]): void };
    typesetPromise?(elements: Element[]): Promise<void>;
  };
}

/** What the scripts that live/arrays.py writes put down. */
declare var demoArrays: Record<string, import('./demos/lib/arrays.js').StoredArrays>;
