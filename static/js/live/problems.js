// What keeps a workflow from running: at the nodes and properties it is about, and in one list that leads to them.

/** @typedef {{node: string | null, property: string | null, code: string, message: string}} Problem */

/**
 * Shows these instead of those shown before; with none, all marks go.
 * @param {Problem[]} problems
 */
export function show(problems) {
  document.dispatchEvent(new CustomEvent("loupe:problems", { detail: problems }));
}
