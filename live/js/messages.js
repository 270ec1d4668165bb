// The messages between the page and Python's worker, as types alone: both sides name them in their comments,
// and `npm run types` holds both to them.

/** @typedef {import('@lumino/coreutils').JSONObject} JSONObject */

// From the page to the worker.

/**
 * What Python needs to start; every address is absolute.
 *
 * @typedef {object} PythonConfig
 * @property {string} pyodide Pyodide's module.
 * @property {string} lock the file that says where its packages are.
 * @property {string[]} packages those loaded at the start.
 * @property {{ path: string, url: string }[]} files what cells may read, each fetched when first read.
 */

/** @typedef {{ type: 'start', config: PythonConfig, progress: string }} Start */
/** @typedef {{ type: 'run', id: string, code: string }} Run */
/** @typedef {{ type: 'comm', id: string } & CommParts} CommToPython */
/** @typedef {Start | Run | CommToPython} ToWorker */

// From the worker to the page. `parent` is the id of the message that something came of, null before the first.

/** @typedef {{ type: 'loading', text?: string, bytes?: number }} Loading */
/** @typedef {{ type: 'ready', marks: Marks }} Ready */
/** @typedef {{ type: 'output', parent: string | null } & Output} OutputMessage */
/** @typedef {{ type: 'comm', parent: string | null } & CommParts} CommFromPython */
/** @typedef {{ type: 'progress', text: string }} Progress */
/** @typedef {{ type: 'done', id: string, status: 'ok' | 'error' }} Done */
/** @typedef {{ type: 'failed', during: ToWorker['type'], id?: string, error: string }} Failed */
/** @typedef {Loading | Ready | OutputMessage | CommFromPython | Progress | Done | Failed} ToPage */

/** @typedef {{ python: number, packages: number, ready: number }} Marks milliseconds from the start. */

// What both kinds hold, in the words of Jupyter's protocol.

/** @typedef {'comm_open' | 'comm_msg' | 'comm_close'} CommKind */
/** @typedef {{ comm_id: string, target_name: string, data: import('@lumino/coreutils').JSONValue }} CommContent */
/**
 * @typedef {object} CommParts
 * @property {CommKind} kind
 * @property {CommContent} content
 * @property {JSONObject} [metadata]
 * @property {ArrayBufferLike[]} buffers
 */

/** @typedef {{ name: string, text: string }} Stream */
/** @typedef {{ ename: string, evalue: string, traceback: string[] }} PythonError */
/** @typedef {{ data: JSONObject, metadata: JSONObject, transient?: { display_id?: string } }} Display */
/** @typedef {'display_data' | 'update_display_data' | 'execute_result'} DisplayKind */
/**
 * @typedef {{ kind: 'stream', content: Stream }
 *   | { kind: 'error', content: PythonError }
 *   | { kind: 'clear_output', content: { wait: boolean } }
 *   | { kind: DisplayKind, content: Display }} Output
 */

export {};
