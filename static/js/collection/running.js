// How many runs go on in all workflows stands in the title, and is counted anew as the list has looked.

import { title } from "../live/title.js";

document.addEventListener("htmx:after:swap", () => {
  const told = /** @type {HTMLElement | null} */ (document.getElementById("cards"))?.dataset.running;
  if (told) document.body.dataset.running = told;
});
title();
