// The description of the API is dark where Loupe is: Swagger UI asks for a class.

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

system.addEventListener("change", follow);
new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
follow();

function follow() {
  root.classList.toggle("dark-mode", (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark");
}
