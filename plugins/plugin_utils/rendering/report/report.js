// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const details = document.getElementById("details");
  const search = document.getElementById("search");
  const ROW = 30;
  const FEW = 24; // as many different values as a choice is offered for
  const LONG = 40; // letters of a value that may stand in a choice
  const HITS = 200; // of each table, in a search of everything
  const STATES = new Set(["passed", "failed", "unknown", "error", "warning"]);

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  // Words of a row in small letters, made when first searched.
  const wordsOf = (table) => (table.words ??= table.rows.map((row) => row.join("\n").toLowerCase()));

  function matching(table, text, chosen) {
    const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
    const words = parts.length ? wordsOf(table) : null;
    const found = [];
    for (let index = 0; index < table.rows.length; index++) {
      if (words && !parts.every((part) => words[index].includes(part))) continue;
      let fits = true;
      for (const [column, value] of chosen) if (table.rows[index][column] !== value) { fits = false; break; }
      if (fits) found.push(index);
    }
    return found;
  }

  function choices(table) {
    const found = [];
    table.columns.forEach((name, column) => {
      const values = new Set();
      for (const row of table.rows) {
        values.add(row[column]);
        if (values.size > FEW || row[column].length > LONG) return;
      }
      if (values.size > 1) found.push([column, name, [...values].sort()]);
    });
    return found;
  }

  function widths(table) {
    const sample = table.rows.slice(0, 300);
    return table.columns.map((name, column) => {
      let longest = name.length + 3;
      for (const row of sample) longest = Math.max(longest, Math.min(row[column].length, 46));
      return Math.round(longest * 8.4 + 26);
    });
  }

  const compare = new Intl.Collator("en", { numeric: true }).compare;

  // A table of which only the rows in sight are in the page, however many there are.
  function tableView(table, start = "") {
    const state = { text: start, chosen: new Map(), sort: -1, down: false, rows: [], at: -1 };
    // On paper all columns share the width of the page, since nobody can scroll it.
    const wide = widths(table);
    const template = `--screen:${wide.map((width) => `${width}px`).join(" ")};--paper-columns:${
      wide.map((width) => `minmax(0,${Math.round(Math.sqrt(width) * 10)}fr)`).join(" ")}`;
    const space = make("div", { class: "space", role: "rowgroup" });
    const head = make("div", { class: "head", role: "row", style: template });
    const scroller = make("div", { class: "scroller", role: "grid", tabindex: "0", "aria-label": table.title,
      "aria-rowcount": table.rows.length }, head, space);
    const shown = make("span", { class: "shown", role: "status" });
    table.columns.forEach((name, column) => head.append(make("button", { type: "button", role: "columnheader",
      on: { click: () => { state.down = state.sort === column && !state.down; state.sort = column; update(); } } }, name)));

    function update() {
      state.rows = matching(table, state.text, state.chosen);
      if (state.sort >= 0) {
        const sign = state.down ? -1 : 1;
        state.rows.sort((a, b) => sign * compare(table.rows[a][state.sort], table.rows[b][state.sort]) || a - b);
      }
      [...head.children].forEach((button, column) => button.setAttribute("aria-sort",
        column === state.sort ? (state.down ? "descending" : "ascending") : "none"));
      state.at = -1;
      space.style.height = `${Math.max(state.rows.length, 1) * ROW}px`;
      shown.textContent = state.rows.length === table.rows.length ? `${table.rows.length} rows`
        : `${state.rows.length} of ${table.rows.length} rows`;
      draw();
    }

    function draw(all = false) {
      const first = all ? 0 : Math.max(0, Math.floor(scroller.scrollTop / ROW) - 10);
      const count = all ? Math.min(state.rows.length, 5000) : Math.ceil((scroller.clientHeight || 700) / ROW) + 20;
      const fragment = document.createDocumentFragment();
      state.rows.slice(first, first + count).forEach((index, offset) => fragment.append(rowOf(index, first + offset)));
      space.replaceChildren(fragment);
      if (!state.rows.length) space.replaceChildren(make("div", { class: "row" }, make("span", {}, "Nothing fits.")));
    }

    function rowOf(index, position) {
      const row = make("div", { class: "row", role: "row", "aria-rowindex": position + 1,
        "aria-selected": String(position === state.at),
        style: `${template};top:${position * ROW}px`,
        on: { click: () => choose(position) } });
      for (const cell of table.rows[index]) {
        const span = make("span", { role: "gridcell", title: cell.length > 44 ? cell : null });
        span.append(STATES.has(cell) ? make("span", { class: `tag ${cell}` }, cell) : cell);
        row.append(span);
      }
      return row;
    }

    function choose(position) {
      if (!state.rows.length) return;
      state.at = Math.max(0, Math.min(position, state.rows.length - 1));
      const top = state.at * ROW;
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top + 2 * ROW > scroller.scrollTop + scroller.clientHeight - ROW)
        scroller.scrollTop = top + 3 * ROW - scroller.clientHeight;
      draw();
      explain(table, state.rows[state.at]);
    }

    scroller.addEventListener("scroll", () => draw(), { passive: true });
    scroller.addEventListener("keydown", (event) => {
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -1e9, End: 1e9 };
      if (event.key in steps) { event.preventDefault(); choose(state.at + steps[event.key]); }
      if (event.key === "Enter") choose(Math.max(state.at, 0));
    });

    const filter = make("input", { type: "search", placeholder: "Filter", "aria-label": `Filter ${table.title}`, value: start,
      on: { input: () => { state.text = filter.value; scroller.scrollTop = 0; update(); } } });
    const tools = make("div", { class: "tools" }, filter);
    for (const [column, name, values] of table.rows.length > 5 ? choices(table) : []) {
      const select = make("select", { on: { change: () => {
        if (select.value) state.chosen.set(column, values[select.value - 1]); else state.chosen.delete(column);
        scroller.scrollTop = 0; update();
      } } }, make("option", { value: "" }, "any"));
      values.forEach((value, number) => select.append(make("option", { value: number + 1 }, value || "(none)")));
      tools.append(make("label", {}, name, select));
    }
    tools.append(shown);
    const view = make("section", {}, make("h3", {}, table.title), tools, make("div", { class: "table" }, scroller));
    view.print = () => draw(true);
    view.restore = () => draw();
    view.ready = update;
    return view;
  }

  function explain(table, index) {
    const list = make("dl");
    table.columns.forEach((name, column) => {
      const value = table.rows[index][column];
      if (value) list.append(make("dt", {}, name), make("dd", {}, value));
    });
    const why = make("ul", { class: "why" });
    for (const number of table.why[index] ?? []) {
      const [id, source, requirements, erratum] = data.why[number];
      const line = make("li", {}, make("code", {}, id));
      if (source) line.append(` ${source}`);
      if (requirements.length) line.append(` (${requirements.join(", ")})`);
      if (erratum) line.append(make("div", {}, "Read as ", make("code", {}, erratum), " says."));
      why.append(line);
    }
    details.replaceChildren(
      make("button", { type: "button", class: "close", on: { click: () => { details.hidden = true; } } }, "Close"),
      make("h3", {}, table.title), list);
    if (why.children.length) details.append(make("h3", {}, "Why"), why);
    details.hidden = false;
  }

  const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const card = (value, words, kind = "") => make("div", { class: `card-box ${kind}` }, make("b", {}, number(value)), words);

  function overview() {
    const { figures, findings, verified, diagnoses } = data.overview;
    const parts = [make("h2", {}, "Overview"), make("div", { class: "cards" }, ...figures.map(([count, words]) => card(count, words)))];
    parts.push(make("h3", {}, "Findings"), make("div", { class: "cards" },
      card(findings.error, "errors", findings.error ? "bad" : "good"),
      card(findings.warning, "warnings", findings.warning ? "unsure" : "good"), card(findings.advice, "pieces of advice")));
    if (verified) {
      parts.push(make("h3", {}, `Verification, ${verified.at}`));
      const boxes = [];
      for (const [kind, counts] of Object.entries(verified.counts)) {
        boxes.push(card(counts.passed, `${kind}: passed`, "good"));
        if (counts.failed) boxes.push(card(counts.failed, `${kind}: failed`, "bad"));
        if (counts.unknown) boxes.push(card(counts.unknown, `${kind}: not known`, "unsure"));
      }
      parts.push(make("div", { class: "cards" }, ...boxes));
      if (diagnoses.length) parts.push(make("h3", {}, "Likely causes"), make("ol", { class: "causes" },
        ...diagnoses.map(([title, count, cause, remedy]) => make("li", {}, make("b", {}, title),
          ` (${count} ${count === 1 ? "check" : "checks"})`, make("p", {}, cause), make("p", { class: "soft" }, remedy)))));
    }
    for (const name of ["estate", "stages"]) parts.push(frame(name));
    return parts;
  }

  function frame(name) {
    const box = make("div", { class: "poster-frame" });
    const template = document.getElementById(`poster-${name}`);
    if (template) box.append(template.content.cloneNode(true));
    return box;
  }

  function posters(chosen) {
    const names = data.posters.map(([name]) => name);
    const current = names.includes(chosen) ? chosen : names.find((name) => !["estate", "stages"].includes(name)) ?? names[0];
    const box = frame(current);
    const full = make("button", { type: "button", "aria-pressed": "false", on: { click: () => {
      const on = box.classList.toggle("full");
      full.setAttribute("aria-pressed", String(on));
      const svg = box.querySelector("svg");
      svg.style.width = on ? `${svg.viewBox.baseVal.width}px` : "";
    } } }, "Full size");
    const tools = make("div", { class: "poster-tools" }, ...data.posters.map(([name, title]) => make("button", {
      type: "button", "aria-pressed": String(name === current), on: { click: () => { location.hash = `posters/${name}`; } } }, title)),
      full, make("button", { type: "button", on: { click: () => save(current, box) } }, "Save as SVG"));
    box.addEventListener("click", (event) => {
      const lane = event.target.closest("[data-why]");
      if (lane) explainLane(lane);
    });
    return [make("h2", {}, "Posters"), make("p", { class: "intro" },
      "Who opens what to whom, by workload. A ring opens, an arrowhead listens; a lane tells more when clicked."), tools, box];
  }

  function save(name, box) {
    const svg = box.querySelector("svg").cloneNode(true);
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = document.querySelector("head style").textContent;
    svg.prepend(style);
    const link = make("a", { download: `${name}.svg`, href: URL.createObjectURL(new Blob([svg.outerHTML], { type: "image/svg+xml" })) });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function explainLane(lane) {
    const rows = lane.dataset.why.split(" ");
    const known = new Map(data.why.map((entry, index) => [entry[0], index]));
    const words = lane.querySelector("title")?.textContent ?? "";
    explain({ title: "Traffic", columns: ["traffic"], rows: [[words]], why: [rows.map((id) => known.get(id)).filter((n) => n !== undefined)] }, 0);
  }

  function chapter(page) {
    return [make("h2", {}, page.title), make("p", { class: "intro" }, page.intro), ...page.tables.map((table) => tableView(table))];
  }

  function hits(text) {
    const parts = [make("h2", {}, `Found for: ${text}`)];
    for (const page of data.pages) for (const table of page.tables) {
      const rows = matching(table, text, new Map());
      if (!rows.length) continue;
      const some = rows.slice(0, HITS);
      const part = { title: `${page.title}: ${table.title}`, columns: table.columns, rows: some.map((index) => table.rows[index]),
        why: some.map((index) => table.why[index]) };
      const view = tableView(part);
      view.querySelector("h3").replaceChildren(make("a", { href: `#${page.id}` }, part.title),
        rows.length > HITS ? ` (the first ${HITS} of ${rows.length})` : "");
      view.querySelector(".tools").hidden = true;
      parts.push(view);
    }
    if (parts.length === 1) parts.push(make("p", {}, "Nothing."));
    return parts;
  }

  const routes = new Map([["overview", overview], ["posters", posters]]);
  for (const page of data.pages) routes.set(page.id, () => chapter(page));

  function show(parts) {
    details.hidden = true;
    main.replaceChildren(...parts);
    for (const part of parts) part.ready?.();
  }

  function route() {
    const [name, rest] = location.hash.slice(1).split("/");
    const known = routes.has(name) ? name : "overview";
    for (const link of nav.children) {
      if (link.hash === `#${known}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    }
    show(routes.get(known)(rest));
    scrollTo(0, 0);
  }

  const entry = (id, title, count) => make("a", { href: `#${id}` }, title, make("span", { class: "count" }, count));
  nav.append(entry("overview", "Overview", ""), entry("posters", "Posters", data.posters.length));
  for (const page of data.pages)
    nav.append(entry(page.id, page.title, number(page.tables.reduce((sum, table) => sum + table.rows.length, 0))));

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { const text = search.value.trim(); if (text.length > 1) show(hits(text)); else route(); }, 120);
  });
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape") {
      if (!details.hidden) details.hidden = true;
      else if (search.value) { search.value = ""; route(); }
    }
  });
  const themes = ["", "light", "dark"];
  document.getElementById("theme").addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme ?? "") + 1) % themes.length];
    if (next) document.documentElement.dataset.theme = next; else delete document.documentElement.dataset.theme;
  });
  addEventListener("beforeprint", () => { for (const part of main.children) part.print?.(); });
  addEventListener("afterprint", () => { for (const part of main.children) part.restore?.(); });
  addEventListener("hashchange", () => { search.value = ""; route(); });
  route();

  // Words are made while nobody waits, so that the first search is as quick as the next.
  const unread = data.pages.flatMap((page) => page.tables);
  function read(idle) {
    while (unread.length && idle.timeRemaining() > 5) wordsOf(unread.pop());
    if (unread.length) requestIdleCallback(read);
  }
  requestIdleCallback(read);
})();
