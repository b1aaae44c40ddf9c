// Dark, light, or as the system says: one button goes round, and a cookie keeps it, so that a page never flashes.

/** @typedef {"dark" | "light" | ""} Theme */

/** @type {Theme[]} */
const ROUND = ["dark", "light", ""];
const YEAR = 31_536_000;

for (const button of document.querySelectorAll("[data-action=theme]")) {
  button.addEventListener("click", () => {
    const now = /** @type {Theme} */ (document.documentElement.dataset.theme ?? "");
    show(ROUND[(ROUND.indexOf(now) + 1) % ROUND.length] ?? "");
  });
}

/** @param {Theme} theme */
function show(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is missing over plain HTTP
  document.cookie = `theme=${theme}; path=/; max-age=${theme ? YEAR : 0}; samesite=lax`;
  const said = document.getElementById("announcer");
  if (said) said.textContent = theme ? `${theme} appearance` : "appearance as the system";
}
