// Asks something of the server, as the person who is signed in. What came of it, the socket tells.

/**
 * @param {string} url
 * @param {Record<string, string> | FormData} [values]
 * @param {RequestInit} [how]
 * @returns {Promise<Response>}
 */
export function post(url, values = {}, how = {}) {
  const body = values instanceof FormData ? values : new FormData();
  if (!(values instanceof FormData)) for (const [name, value] of Object.entries(values)) body.set(name, value);
  return fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token() }, redirect: "error", ...how });
}

function token() {
  const input = /** @type {HTMLInputElement | null} */ (document.querySelector("#act [name=csrfmiddlewaretoken]"));
  return input?.value ?? "";
}

/** Moves the lens. @param {Record<string, string>} values */
export function moveLens(values) {
  const url = document.getElementById("wire")?.dataset.lens;
  return url ? post(url, values) : undefined;
}
