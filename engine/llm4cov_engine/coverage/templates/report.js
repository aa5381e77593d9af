"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  // Fields of a row of `points` and of `holes`.
  const [METRIC, FILE, LINE, COLUMN, WHAT, LINES, PATHS, HITS, EXCLUSION] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const [H_PATHS, H_WORDS, H_REASON, H_BECAUSE, H_HIDES, H_HIDDEN, H_COUNT] = [4, 5, 6, 7, 8, 9, 10];
  const BRANCH = 1;
  const SIGNS = { hit: "✓", part: "◐", miss: "✗", unreachable: "⊘", waived: "≈" };
  const PAGE = 200, CHUNK = 200;

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value != null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };
  const grade = (ratio) => (ratio >= 0.95 ? "good" : ratio >= 0.7 ? "fair" : "poor");
  const percent = (ratio) => (ratio >= 1 ? "100 %" : Math.min(100 * ratio, 99.99).toFixed(ratio < 0.0995 ? 2 : 1).replace(/^100\.0$/, "99.9") + " %");
  const numeric = new Intl.NumberFormat("en");

  // ---- tables of instances and files ----------------------------------------------------------------
  const cell = (hit, total) => {
    const td = element("td", { class: "num" });
    if (total) td.append(element("span", { class: `cell ${grade(hit / total)}`, title: `${hit} of ${total}` }, percent(hit / total)));
    else td.append(element("span", { class: "dim" }, "–"));
    return td;
  };
  const used = data.metrics.map((_, m) => data.files.some((file) => file.metrics[m] && file.metrics[m][1]));
  const heading = (...first) => element("tr", {}, ...first.map((name) => element("th", {}, name)), element("th", { class: "num" }, "Score"),
    ...data.metrics.filter((_, m) => used[m]).map((name) => element("th", { class: "num" }, name)), element("th", { class: "num" }, "Points"));
  const figures = (part) => [
    part.score == null ? cell(0, 0) : cell(part.score, 1),
    ...part.metrics.filter((_, m) => used[m]).map(([hit, total]) => cell(hit, total)),
    element("td", { class: "num dim" }, `${numeric.format(part.hit)} / ${numeric.format(part.total)}`),
  ];

  const children = new Map(), roots = [];
  const byName = new Map(data.instances.map((instance, index) => [instance.name, index]));
  data.instances.forEach((instance, index) => {
    let above = instance.name;
    do above = above.slice(0, Math.max(0, above.lastIndexOf("."))); while (above && !byName.has(above));
    if (!above) { roots.push(index); return; }
    const parent = byName.get(above);
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(index);
  });
  const opened = new Set();
  const drawTree = () => {
    const rows = [];
    const visit = (index, depth) => {
      const instance = data.instances[index], below = children.get(index) || [];
      const isOpen = opened.has(index);
      const twist = below.length
        ? element("button", { class: "twist", type: "button", "aria-expanded": String(isOpen), "aria-label": `${below.length} instances below`,
            onclick: () => { isOpen ? opened.delete(index) : opened.add(index); drawTree(); $("tree-rows").querySelector(`[data-index="${index}"] .twist`).focus(); } }, isOpen ? "▾" : "▸")
        : element("span", { class: "twist", style: "display:inline-block" });
      const shown = depth ? instance.name.slice(instance.name.length - shortName(instance.name).length) : instance.name;
      rows.push(element("tr", { "data-index": index },
        element("td", { style: `padding-left:${0.8 + depth * 1.2}rem` }, twist, element("a", { class: "code", href: `#holes&instance=${encodeURIComponent(instance.name)}`, title: instance.name }, shown)),
        element("td", { class: "code dim" }, instance.module), ...figures(instance)));
      if (isOpen) below.forEach((child) => visit(child, depth + 1));
    };
    roots.forEach((root) => visit(root, 0));
    $("tree-rows").replaceChildren(...rows);
  };
  const shortName = (path) => {
    let above = path;
    do above = above.slice(0, Math.max(0, above.lastIndexOf("."))); while (above && !byName.has(above));
    return above ? path.slice(above.length + 1) : path;
  };
  const openSome = (indices, room) => {
    const next = [];
    for (const index of indices) {
      const below = children.get(index) || [];
      if (below.length > room) continue;
      room -= below.length; opened.add(index); next.push(...below);
    }
    if (next.length && room > 0) openSome(next, room);
  };

  const fileLink = (file, line) => `#file=${encodeURIComponent(data.files[file].name)}${line ? `&line=${line}` : ""}`;
  const drawFiles = () => $("file-rows").replaceChildren(...data.files
    .map((file, index) => [file, index]).filter(([file]) => file.total || file.text != null)
    .sort(([a], [b]) => (b.total > 0) - (a.total > 0) || (a.score ?? 1) - (b.score ?? 1))
    .map(([file, index]) => element("tr", {}, element("td", {}, element("a", { class: "code", href: fileLink(index) }, file.name)),
      ...(file.metrics.length ? figures(file) : [element("td", { class: "dim", colspan: 2 + used.filter(Boolean).length }, "no points")]))));

  // ---- holes -----------------------------------------------------------------------------------------
  const filters = $("hole-filters");
  const option = (value, text) => element("option", { value }, text);
  const fill = (select, all, values) => select.replaceChildren(option("", all), ...values.map(([value, text]) => option(value, text)));
  const present = (field) => [...new Set(data.holes.map((hole) => hole[field]))].sort((a, b) => a - b);
  fill(filters.metric, "all", present(METRIC).map((m) => [m, data.metrics[m]]));
  fill(filters.file, "all", present(FILE).map((f) => [f, data.files[f].name]));
  fill(filters.instance, "all", data.instances.map((instance) => [instance.name, instance.name]));
  fill(filters.reason, "all", present(H_REASON).map((r) => [r, data.reasons[r]]));
  const open = data.holes.filter((hole) => hole[H_REASON] === 0).length;
  $("hole-count").textContent = numeric.format(open);
  if (open && data.holes.length > open) filters.reason.value = "0";

  const linesOf = (file) => file.lines || (file.lines = (file.text || "").replace(/\r\n/g, "\n").split("\n"));
  const excerpt = (hole) => {
    const line = linesOf(data.files[hole[FILE]])[hole[LINE] - 1] || "";
    // Several branches may share a line: what is meant begins at its own column.
    return (hole[METRIC] === BRANCH ? line.slice(Math.max(0, hole[COLUMN] - (hole[H_WORDS].endsWith("false") ? 2 : 1))) : line).trim();
  };
  let matching = [], drawn = 0;
  const holeRow = (hole) => {
    const reason = data.reasons[hole[H_REASON]];
    const mark = { uncovered: "miss", unreachable: "unreachable", waived: "waived" }[reason];
    const more = hole[H_PATHS].length > 1 ? ` and ${hole[H_PATHS].length - 1} more` : "";
    const inside = hole[H_HIDES] ? element("span", { class: "dim" }, ` ${hole[H_HIDES]} more inside`) : "";
    const href = fileLink(hole[FILE], hole[LINE]);
    return element("tr", { class: hole[H_HIDDEN] ? "nested" : null, onclick: (event) => { if (!event.target.closest("a") && !String(getSelection())) location.hash = href; } },
      element("td", {}, element("span", { class: "chip" }, data.metrics[hole[METRIC]])),
      element("td", {}, element("a", { class: "code", href }, `${data.files[hole[FILE]].name}:${hole[LINE]}`)),
      element("td", {}, hole[H_WORDS], inside, hole[METRIC] <= BRANCH ? element("div", { class: "excerpt" }, excerpt(hole)) : ""),
      element("td", { class: "code", title: hole[H_PATHS].map((path) => data.paths[path]).join("\n") }, data.paths[hole[H_PATHS][0]], element("span", { class: "dim" }, more)),
      element("td", {}, element("span", { class: `sign ${mark}` }, SIGNS[mark] + " "), reason, hole[H_BECAUSE] ? element("div", { class: "dim" }, hole[H_BECAUSE]) : ""));
  };
  const drawMore = () => {
    const next = matching.slice(drawn, drawn + PAGE);
    $("hole-rows").append(...next.map(holeRow));
    drawn += next.length;
    $("hole-more").textContent = drawn < matching.length ? `${numeric.format(matching.length - drawn)} more below` : "";
  };
  const drawHoles = () => {
    const words = filters.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const below = filters.instance.value;
    const under = new Set(data.paths.map((path, index) => (path === below || path.startsWith(below + ".") ? index : -1)));
    matching = data.holes.filter((hole) =>
      (filters.metric.value === "" || hole[METRIC] === +filters.metric.value) && (filters.file.value === "" || hole[FILE] === +filters.file.value) &&
      (filters.reason.value === "" || hole[H_REASON] === +filters.reason.value) && (!below || hole[H_PATHS].some((path) => under.has(path))) &&
      (!words.length || (() => { const text = `${hole[H_WORDS]} ${data.files[hole[FILE]].name}:${hole[LINE]} ${data.paths[hole[H_PATHS][0]]}`.toLowerCase(); return words.every((word) => text.includes(word)); })()));
    drawn = 0;
    $("hole-rows").replaceChildren();
    const points = matching.reduce((sum, hole) => sum + hole[H_COUNT], 0);
    $("hole-shown").textContent = matching.length ? `${numeric.format(matching.length)} holes, ${numeric.format(points)} points` : "nothing is missing here";
    drawMore();
  };
  filters.addEventListener("input", drawHoles);
  filters.addEventListener("submit", (event) => event.preventDefault());
  new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting) && drawn < matching.length) drawMore(); }, { rootMargin: "600px" }).observe($("hole-more"));

  // ---- source ----------------------------------------------------------------------------------------
  const KEYWORDS = new Set("accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before begin bind bins binsof bit break buf byte case casex casez cell chandle checker class clocking const constraint context continue cover covergroup coverpoint cross deassign default defparam design disable dist do edge else end endcase endchecker endclass endclocking endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram endproperty endsequence endtask enum event expect export extends extern final first_match for force foreach forever fork forkjoin function generate genvar global if iff ifnone implements implies import inout input inside int integer interface intersect join join_any join_none let local localparam logic longint macromodule matches modport module nand negedge nettype new nexttime nor not null or output package packed parameter posedge primitive priority program property protected pull0 pull1 pure rand randc randcase randsequence real realtime ref reg reject_on release repeat restrict return s_always s_eventually s_nexttime s_until scalared sequence shortint shortreal signed soft solve specify specparam static string strong struct super supply0 supply1 sync_accept_on table tagged task this throughout time timeprecision timeunit tran tri tri0 tri1 triand trior type typedef union unique unique0 unsigned until untyped use uwire var vectored virtual void wait wait_order wand weak while wildcard wire with within wor xnor xor".split(" "));
  const TOKEN = /\/\/.*|\/\*|"(?:\\.|[^"\\])*"?|`?[A-Za-z_$][\w$]*|\d*'[sS]?[bodhBODH][\s]*[0-9a-fA-FxXzZ?_]+|'[01xz]|\d[\d_]*(?:\.\d+)?/g;
  const colour = (line, state) => {
    const parts = [];
    let at = 0;
    const plain = (to) => { if (to > at) parts.push(line.slice(at, to)); at = to; };
    const mark = (to, kind) => { parts.push(element("span", { class: kind }, line.slice(at, to))); at = to; };
    const closeComment = () => { const end = line.indexOf("*/", at); state.comment = end < 0; mark(end < 0 ? line.length : end + 2, "c"); };
    if (state.comment && line.length) closeComment();
    TOKEN.lastIndex = at;
    for (let match; !state.comment && (match = TOKEN.exec(line)); ) {
      const text = match[0];
      plain(match.index);
      if (text === "/*") { const from = at; const end = line.indexOf("*/", from + 2); state.comment = end < 0; mark(end < 0 ? line.length : end + 2, "c"); TOKEN.lastIndex = at; }
      else if (text.startsWith("//")) mark(line.length, "c");
      else if (text[0] === '"') mark(TOKEN.lastIndex, "s");
      else if (/^[\d']/.test(text)) mark(TOKEN.lastIndex, "n");
      else if (text[0] === "`" || KEYWORDS.has(text)) mark(TOKEN.lastIndex, "k");
      else plain(TOKEN.lastIndex);
    }
    plain(line.length);
    return parts;
  };
  const lineNumbers = (lines) => lines.split(",").filter(Boolean).flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });

  const pointsOf = new Map();
  data.points.forEach((point) => { if (!pointsOf.has(point[FILE])) pointsOf.set(point[FILE], []); pointsOf.get(point[FILE]).push(point); });
  let current = { file: -1, scope: "", lines: new Map(), states: [], at: 0 };

  const inScope = (point) => current.scope === "" ? point[PATHS].map((_, index) => index)
    : point[PATHS].flatMap((path, index) => (data.paths[path] === current.scope ? [index] : []));
  const hitsOf = (point) => inScope(point).reduce((sum, index) => sum + point[HITS][index], 0);
  const stateOf = (points) => {
    let hit = 0, miss = 0, out = "";
    for (const point of points) {
      const hits = hitsOf(point), kind = point[EXCLUSION] < 0 ? "" : data.exclusions[point[EXCLUSION]][0];
      if (kind && !(kind === "unreachable" && hits)) out = out || kind;
      else if (hits) hit++; else miss++;
    }
    return hit && miss ? "part" : hit ? "hit" : miss ? "miss" : out;
  };
  const plainHits = (points) => {
    const counted = points.filter((point) => point[METRIC] <= BRANCH);
    return counted.length ? Math.max(...counted.map(hitsOf)) : null;
  };
  const short = (number) => number < 1e5 ? String(number) : number < 1e8 ? `${Math.round(number / 1e3)}k` : `${Math.round(number / 1e6)}M`;

  const openFile = (file) => {
    current = { file, scope: "", lines: new Map(), states: [], at: 0 };
    const own = pointsOf.get(file) || [];
    const paths = [...new Set(own.flatMap((point) => point[PATHS]))].sort((a, b) => a - b);
    const select = $("source-instance");
    select.replaceChildren(option("", paths.length > 1 ? `all ${paths.length}` : "all"), ...paths.map((path) => option(data.paths[path], data.paths[path])));
    select.parentElement.hidden = paths.length < 2;
    $("source-name").textContent = data.files[file].name;
    for (const point of own) for (const line of new Set([point[LINE], ...(point[METRIC] <= BRANCH ? lineNumbers(point[LINES]) : [])])) {
      if (!current.lines.has(line)) current.lines.set(line, []);
      current.lines.get(line).push(point);
    }
    drawSource();
  };
  const drawSource = () => {
    const text = data.files[current.file].text;
    if (text == null) { $("source").replaceChildren(element("p", { class: "dim", style: "padding:0 1.2rem" }, "The design does not hold this file's text.")); return; }
    const lines = linesOf(data.files[current.file]), state = { comment: false }, chunks = [];
    current.states = [];
    for (let first = 0; first < lines.length; first += CHUNK) {
      const size = Math.min(CHUNK, lines.length - first);
      const chunk = element("div", { class: "chunk", style: `contain-intrinsic-size:auto ${size * 1.55 * 12.5}px` });
      for (let index = first; index < first + size; index++) chunk.append(sourceRow(index + 1, lines[index], state));
      chunks.push(chunk);
    }
    $("source").replaceChildren(...chunks);
  };
  const sourceRow = (number, line, comment) => {
    const points = (current.lines.get(number) || []).filter((point) => inScope(point).length);
    const state = points.length ? stateOf(points) : "";
    const hits = points.length ? plainHits(points) : null;
    if (state) current.states[number] = state;
    return element("div", { class: `row ${points.length ? "has" : ""} ${state}`, id: `L${number}`, tabindex: points.length ? "0" : null, role: points.length ? "button" : null,
        "aria-label": points.length ? `line ${number}, ${({ hit: "hit", part: "partly hit", miss: "missed" })[state] || state}, ${points.length} points` : null },
      element("span", { class: "no" }, String(number)), element("span", { class: `sign ${state}` }, SIGNS[state] || ""),
      element("span", { class: "hits" }, hits == null ? "" : short(hits)), element("span", { class: "text" }, ...colour(line, comment)));
  };
  const detail = (number) => {
    const rank = (point) => (point[EXCLUSION] >= 0 ? 2 : hitsOf(point) ? 1 : 0);
    const points = current.lines.get(number).filter((point) => inScope(point).length).sort((a, b) => rank(a) - rank(b));
    const limit = 300;
    const rows = points.slice(0, limit).map((point) => {
      const hits = hitsOf(point), state = stateOf([point]), exclusion = point[EXCLUSION] >= 0 ? data.exclusions[point[EXCLUSION]] : null;
      const where = inScope(point).map((index) => `${data.paths[point[PATHS][index]]}: ${point[HITS][index]}`);
      return element("tr", {}, element("td", {}, element("span", { class: `sign ${state}` }, SIGNS[state])), element("td", {}, element("span", { class: "chip" }, data.metrics[point[METRIC]])),
        element("td", {}, point[WHAT]), element("td", { class: "num", title: "times hit" }, numeric.format(hits)),
        element("td", { class: "dim code" }, where.length > 1 ? element("details", {}, element("summary", {}, `${where.length} instances`), ...where.map((text) => element("div", {}, text))) : data.paths[point[PATHS][inScope(point)[0]]],
          exclusion ? element("div", {}, `${exclusion[0]}: ${exclusion[1]}`) : ""));
    });
    if (points.length > limit) rows.push(element("tr", {}, element("td", { class: "dim", colspan: 5 }, `and ${points.length - limit} more, all hit or less urgent`)));
    return element("div", { class: "detail" }, element("table", {}, element("tbody", {}, ...rows)));
  };
  const toggleDetail = (row) => {
    const shown = row.nextElementSibling;
    if (shown && shown.classList.contains("detail")) { shown.remove(); return; }
    row.after(detail(+row.id.slice(1)));
  };
  $("source").addEventListener("click", (event) => {
    const row = event.target.closest(".row.has");
    if (row && !String(getSelection())) { mark(+row.id.slice(1)); toggleDetail(row); }
  });
  $("source").addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && event.target.classList.contains("has")) { event.preventDefault(); toggleDetail(event.target); }
  });
  $("source-instance").addEventListener("change", (event) => { current.scope = event.target.value; drawSource(); });
  const mark = (line) => {
    document.querySelectorAll(".row.here").forEach((row) => row.classList.remove("here"));
    current.at = line;
    const row = $(`L${line}`);
    if (row) row.classList.add("here");
    return row;
  };
  const goTo = (line, withPoints) => {
    const row = mark(line);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    const isOpen = row.nextElementSibling && row.nextElementSibling.classList.contains("detail");
    if (withPoints && !isOpen && row.classList.contains("has")) toggleDetail(row);
  };
  const step = (direction) => {
    const holes = current.states.flatMap((state, line) => (state === "miss" || state === "part" ? [line] : []));
    // Neighbouring lines of one hole are one stop.
    const stops = holes.filter((line, index) => index === 0 || holes[index - 1] !== line - 1 || current.states[line] !== current.states[line - 1]);
    const next = direction > 0 ? stops.find((line) => line > current.at) : stops.findLast((line) => line < current.at);
    if (next) goTo(next, false);
  };
  $("next").addEventListener("click", () => step(1));
  $("previous").addEventListener("click", () => step(-1));

  // ---- views -----------------------------------------------------------------------------------------
  const views = ["summary", "holes", "instances", "files", "source"];
  const ready = new Set();
  const show = (view) => {
    views.forEach((name) => { $(`view-${name}`).hidden = name !== view; });
    document.querySelectorAll(".bar nav a").forEach((link) => {
      const isHere = link.dataset.view === view || (view === "source" && link.dataset.view === "files");
      isHere ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    });
    if (ready.has(view)) return;
    ready.add(view);
    if (view === "holes") drawHoles();
    if (view === "instances") { $("tree-head").replaceChildren(heading("Instance", "Module")); openSome(roots, 60); drawTree(); }
    if (view === "files") { $("file-head").replaceChildren(heading("File")); drawFiles(); }
  };
  const route = () => {
    const [first, ...rest] = location.hash.slice(1).split("&");
    const values = Object.fromEntries([first, ...rest].map((part) => { const at = part.indexOf("="); return at < 0 ? [part, ""] : [part.slice(0, at), decodeURIComponent(part.slice(at + 1))]; }));
    if ("file" in values) {
      const file = data.files.findIndex((each) => each.name === values.file);
      if (file >= 0) {
        show("source");
        if (current.file !== file) openFile(file);
        if (values.line) goTo(+values.line, true); else scrollTo(0, 0);
        return;
      }
    }
    const view = views.includes(first) && first !== "source" ? first : "summary";
    if (view === "holes" && "instance" in values) {
      filters.metric.value = filters.file.value = filters.text.value = "";
      filters.instance.value = values.instance;
      ready.delete("holes");
    }
    show(view);
    scrollTo(0, 0);
  };
  addEventListener("hashchange", route);

  const switchTheme = () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    try { localStorage.setItem("llm4cov-theme", root.dataset.theme); } catch { /* a file:// page may not store */ }
  };
  $("theme").addEventListener("click", switchTheme);
  $("help-open").addEventListener("click", () => $("help").showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    const key = event.key, inSource = !$("view-source").hidden;
    if (key >= "1" && key <= "4") location.hash = views[+key - 1];
    else if (key === "j" && inSource) step(1);
    else if (key === "k" && inSource) step(-1);
    else if (key === "t") switchTheme();
    else if (key === "?") $("help").showModal();
    else if (key === "/") { event.preventDefault(); location.hash = "holes"; setTimeout(() => filters.text.focus()); }
  });
  route();
})();
