// What the editor asks of the server, with the token that proves that the page asked it.

import { signedOut } from "../banner.js";

/** What went wrong, in a sentence for people. */
export class Refusal extends Error {
  /** @param {string} message @param {number} status @param {unknown} [problem] */
  constructor(message, status, problem) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

export function token() {
  return (
    /** @type {HTMLInputElement | null} */ (document.querySelector("#act [name=csrfmiddlewaretoken]"))?.value ?? ""
  );
}

/**
 * @param {string} address @param {string} method @param {unknown} body @param {RequestInit & {headers?: Record<string, string>}} [more]
 * @returns {Promise<Response>} One that says yes; anything else is thrown as a Refusal.
 */
export async function ask(address, method, body, more = {}) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token(), ...more.headers };
  const answer = await fetch(address, { ...more, method, headers, body: JSON.stringify(body) }).catch(() => null);
  if (answer?.ok) return answer;
  if (!answer) throw new Refusal("Loupe does not answer", 0);
  if (answer.status === 401) signedOut();
  const problem = await answer.json().catch(() => null);
  throw new Refusal(
    problem?.detail ?? problem?.title ?? `the server answered ${answer.status}`,
    answer.status,
    problem,
  );
}
