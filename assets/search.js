// The search box: its index is a script (build/assets/search-index.js), so that it works from the disk as well.
(function () {
  "use strict";
  const bar = document.querySelector("nav.navbar .navbar-container, nav.navbar .container-fluid, nav.navbar");
  if (!bar) return;
  const root = document.currentScript.dataset.root || "./";
  const SHOWN = 8;
  // Where a word stands tells how much a page is about it.
  const WEIGHTS = { t: 12, a: 12, h: 4, d: 3, c: 2, w: 1.5, x: 1 };

  const form = document.createElement("form");
  form.className = "site-search";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Site");
  form.innerHTML =
    '<input type="search" placeholder="Search" aria-label="Search" autocomplete="off" spellcheck="false">' +
    '<div class="site-search-found" role="region" aria-label="Search results" aria-live="polite" hidden></div>';
  bar.append(form);
  const [field, box] = form.children;

  const tokens = (text) =>
    (text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").normalize("NFC")
      .replace(/u[-\s]turn/g, "uturn").replace(/r\s?&\s?d\b/g, "rd").replace(/['’]s\b/g, "")
      .match(/[\p{L}\p{N}]+/gu) || []).map(stem);
  const stem = (word) => (word.length < 4 ? word : word.replace(/ies$/, "y").replace(/(?<![su])s$/, ""));

  // Loaded once, when somebody means to search.
  let loading = null;
  const load = () =>
    (loading ||= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = root + "build/assets/search-index.js";
      script.onload = () => done(prepare(window.searchIndex));
      script.onerror = failed;
      document.head.append(script);
    }));

  const prepare = ({ pages, synonyms }) => {
    for (const page of pages) {
      page.counts = {};
      for (const name of Object.keys(WEIGHTS)) {
        const counts = (page.counts[name] = new Map());
        // Of an address the name of the page says something, its folders do not.
        for (const word of tokens(name === "a" ? page.a.replace(/^.*\/|^index|\.html$/g, "") : page[name])) counts.set(word, (counts.get(word) || 0) + 1);
      }
    }
    // A word among few says more than one among many, such as the headings of all claims.
    for (const name of Object.keys(WEIGHTS)) {
      const usual = pages.reduce((sum, page) => sum + page.counts[name].size, 0) / pages.length || 1;
      for (const page of pages) (page.share ||= {})[name] = 1 / Math.sqrt(Math.max(0.5, page.counts[name].size / usual));
    }
    const same = new Map(Object.entries(synonyms).map(([word, others]) => [stem(word), others.split(" ").map(stem)]));
    return { pages, same };
  };

  // A whole word counts in full, the beginning of one by half, and nothing that stands within a word.
  const inField = (counts, word) => {
    let whole = counts.get(word) || 0;
    let begun = 0;
    if (word.length > 2) for (const [known, count] of counts) if (known !== word && known.startsWith(word)) begun += count;
    return whole || begun ? (whole ? 1 : 0.5) * (1 + 0.35 * Math.log(1 + whole + begun / 2)) : 0;
  };
  const inPage = (page, word) =>
    Object.entries(WEIGHTS).reduce((sum, [name, weight]) => sum + weight * inField(page.counts[name], word) * page.share[name], 0);

  const search = ({ pages, same }, query) => {
    const asked = [...new Set(tokens(query))].map((word) => [word, ...(same.get(word) || [])]);
    if (!asked.length) return [];
    const scores = asked.map((words) =>
      pages.map((page) => Math.max(...words.map((word, at) => (at ? 0.8 - 0.1 * at : 1) * inPage(page, word)))));
    // A word that few pages hold tells more than one that all do; a page with every word comes before one with some.
    const rare = scores.map((found) => Math.log(1 + pages.length / (1 + found.filter((score) => score > 0).length)));
    return pages
      .map((page, n) => {
        const found = scores.map((score) => score[n]);
        const held = found.filter((score) => score > 0).length;
        return { page, held, score: page.p * found.reduce((sum, score, at) => sum + score * rare[at], 0) };
      })
      .filter((hit) => hit.held)
      .sort((a, b) => b.held - a.held || b.score - a.score || a.page.t.localeCompare(b.page.t));
  };

  // Some words of the text around the first hit, else the description.
  const extract = (page, query) => {
    const lower = page.x.toLowerCase();
    const places = query.toLowerCase().split(/\s+/).map((word) => lower.indexOf(word)).filter((at) => at >= 0);
    if (!places.length) return page.d;
    const from = Math.max(0, lower.lastIndexOf(" ", places[0] - 50));
    return `${from ? "…" : ""}${page.x.slice(from, from + 140).trim()}…`;
  };

  const say = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    box.replaceChildren(line);
    box.hidden = false;
  };
  const show = (hits, query) => {
    if (!hits.length) return say(`Nothing found for “${query}”.`);
    const list = document.createElement("ol");
    for (const { page } of hits.slice(0, SHOWN)) {
      const link = document.createElement("a");
      link.href = root + page.a;
      link.textContent = page.t;
      const words = document.createElement("span");
      words.textContent = extract(page, query);
      link.append(words);
      list.append(document.createElement("li"));
      list.lastChild.append(link);
    }
    box.replaceChildren(list);
    box.hidden = false;
  };
  const close = () => (box.hidden = true);

  const run = async () => {
    const query = field.value.trim();
    if (!query) return close();
    try {
      const index = await load();
      if (query === field.value.trim()) show(search(index, query), query);
    } catch {
      say("The index of the search could not be loaded. Serve the folder, for example with “python -m http.server”.");
    }
  };
  // For tests, and for whoever wants to ask from the console.
  window.siteSearch = async (query) => search(await load(), query).map(({ page }) => page.a);

  field.addEventListener("focus", () => load().catch(() => {}));
  field.addEventListener("input", run);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    box.querySelector("a")?.click();
  });
  form.addEventListener("keydown", (event) => {
    const links = [field, ...box.querySelectorAll("a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close();
    if (!step || box.hidden) return;
    event.preventDefault();
    links[(links.indexOf(document.activeElement) + step + links.length) % links.length].focus();
  });
  document.addEventListener("click", (event) => form.contains(event.target) || close());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(input|textarea|select)$/i.test(event.target.tagName)) return;
    event.preventDefault();
    field.focus();
  });
})();
