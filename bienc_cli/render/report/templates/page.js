"use strict";
// Everything can be read without this: it opens what a link leads to, searches and sorts.
(() => {
  const list = document.getElementById("list");
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();
  if (!list) return;

  const controls = document.getElementById("controls");
  const words = document.getElementById("words");
  const order = document.getElementById("order");
  const changed = document.getElementById("changed");
  const found = document.getElementById("found");
  const queries = Array.from(list.children);
  const texts = new Map(
    queries.map((query) => [query, query.firstElementChild.textContent.toLowerCase()]),
  );
  const change = (query) => Number(query.dataset.change || 0);

  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const query of queries) {
      const fits = wanted.every((word) => texts.get(query).includes(word));
      query.hidden = !fits || Boolean(changed && changed.checked && change(query) === 0);
      left += query.hidden ? 0 : 1;
    }
    found.textContent = left === queries.length ? "" : `${left} of ${queries.length} shown`;
  };
  const sort = () => {
    const sign = { gained: -1, lost: 1 }[order.value] || 0;
    const sorted = queries
      .map((query, place) => [query, place])
      .sort((a, b) => sign * (change(a[0]) - change(b[0])) || a[1] - b[1]);
    list.append(...sorted.map(([query]) => query));
  };
  words.addEventListener("input", show);
  if (changed) changed.addEventListener("change", show);
  if (order) order.addEventListener("change", sort);
  controls.hidden = false;

  // A passage lights up in both rankings.
  const light = (event, on) => {
    const entry = event.target.closest("[data-p]");
    if (!entry) return;
    const both = entry.closest(".facing").querySelectorAll(`[data-p="${entry.dataset.p}"]`);
    for (const row of both) row.classList.toggle("lit", on);
  };
  list.addEventListener("mouseover", (event) => light(event, true));
  list.addEventListener("mouseout", (event) => light(event, false));
})();
