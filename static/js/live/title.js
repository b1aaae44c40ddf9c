// The tab says how many runs go on, in its title and on its icon; and that all have ended, until one looks at it again.

const SHOWN = 9;

export function title() {
  const name = document.title;
  const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  const plain = icon?.href ?? "";
  let shown = 0;
  const show = () => {
    const running = Number(document.body.dataset.running ?? 0);
    if (running === shown) return;
    shown = running;
    const unseen = !running && document.hidden;
    document.title = running ? `(${running}) ${name}` : `${unseen ? "✓ " : ""}${name}`;
    if (icon) icon.href = running ? drawn(running) : plain;
  };
  new MutationObserver(show).observe(document.body, { attributeFilter: ["data-running"] });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !shown) document.title = name;
  });
  show();
}

/** @param {number} running */
function drawn(running) {
  const count = running > SHOWN ? `${SHOWN}+` : String(running);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#5b5bd6"/><text x="16" y="23" fill="#fff" font-family="sans-serif" font-weight="700" font-size="20" text-anchor="middle">${count}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
