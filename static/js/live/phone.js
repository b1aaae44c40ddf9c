// A phone: Stop stands with the run that it stops, and the tabs say which of them is seen.

const narrow = matchMedia("(max-width: 600px)");

export function phone() {
  const home = document.getElementById("stop")?.parentElement;
  const place = () => {
    const stop = document.getElementById("stop");
    if (!stop) return;
    if (narrow.matches) document.getElementById("lens")?.after(stop);
    else if (stop.parentElement !== home) home?.prepend(stop);
  };
  narrow.addEventListener("change", place);
  addEventListener("hashchange", tabs);
  place();
  tabs();
}

function tabs() {
  const seen = location.hash === "#results" ? "results" : "watch";
  for (const tab of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-tab]"))) {
    tab.ariaCurrent = tab.dataset.tab === seen ? "page" : null;
  }
}
