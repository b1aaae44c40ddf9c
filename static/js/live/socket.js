// The page's socket, for what the page itself asks of it.

/** @type {{socket: WebSocket | null} | undefined} */
let connection;

document.addEventListener("htmx:ws:after:connection", (event) => {
  connection = /** @type {CustomEvent} */ (event).detail.connection;
});

/**
 * Asks it, if it is there: when it comes back all is drawn anew.
 * @param {Record<string, unknown>} what
 * @returns {boolean} Whether it is there.
 */
export function say(what) {
  const open = connection?.socket?.readyState === WebSocket.OPEN;
  if (open) connection?.socket?.send(JSON.stringify(what));
  return open;
}
