// Charts: a static picture stands until Vega has drawn in its place, and stays where that fails.
(function () {
  "use strict";
  const root = document.currentScript.dataset.root || "./";
  const boxes = [...document.querySelectorAll(".chart")];
  const KEYS = { series: "shown", from: "first", to: "last", view: "panel" };
  const loading = {};

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const listing = (words) => words.join(", ").replace(/, ([^,]*)$/, " and $1");
  const load = (name) =>
    (loading[name] ??= new Promise((resolve, reject) => {
      const script = make("script", { src: `${root}build/assets/${name}.js`, onload: resolve, onerror: reject });
      document.head.append(script);
    }));
  // Long rows lie in files beside the pages, which name them; each chart marks its own copy.
  const withRows = async (datasets) => {
    for (const [name, rows] of Object.entries(datasets)) {
      if (typeof rows !== "string") continue;
      await load(`rows/${rows}`);
      datasets[name] = structuredClone(window.chartRows[rows]);
    }
  };

  // What the address asks of a chart: `#fig-name?series=Korea&series=Japan&from=2000&to=2010`.
  const asked = (name, offered, usual) => {
    const [place, query] = location.hash.slice(1).split("?");
    if (place !== name || query === undefined) return [{ ...usual }, ""];
    const found = { ...usual };
    const wrong = [];
    const given = new URLSearchParams(query);
    for (const key of new Set(given.keys())) {
      const many = key === "series";
      const values = given.getAll(key).map((text) => (key === "from" || key === "to" ? Number(text) : text));
      const known = values.filter((value) => offered[KEYS[key]]?.includes(value));
      if (known.length < values.length || (!many && values.length > 1)) wrong.push(`${key}=${given.getAll(key).join(", ")}`);
      else found[KEYS[key]] = many ? known : known[0];
    }
    if (!wrong.length && found.first > found.last) wrong.push(`${found.first} to ${found.last}`);
    const told = `The address asks for something that this chart does not have (${wrong.join("; ")}). It shows its usual view.`;
    return wrong.length ? [{ ...usual }, told] : [found, ""];
  };

  const keep = (name, state, usual) => {
    const query = new URLSearchParams();
    for (const [key, param] of Object.entries(KEYS)) {
      if (JSON.stringify(state[param]) === JSON.stringify(usual[param])) continue;
      for (const value of [state[param]].flat()) query.append(key, value);
    }
    const text = query.toString();
    history.replaceState(null, "", text ? `#${name}?${text}` : `#${name}`);
  };

  const select = (label, options, change) => {
    const choice = make("select", {}, ...options.map((one) => make("option", { value: one, textContent: one })));
    choice.setAttribute("aria-label", label);
    choice.addEventListener("change", () => change(choice.value));
    return [make("label", {}, `${label} `, choice), choice];
  };

  // The choices beneath a chart; each function given back sets what they show.
  const controls = (offer, offered, state, changed) => {
    const form = make("form", { className: "choices" });
    const shows = [];
    form.addEventListener("submit", (event) => event.preventDefault());
    if (offer.panels) {
      const [label, choice] = select("Show", offer.panels, (value) => changed({ panel: value }));
      form.append(label);
      shows.push(() => (choice.value = state.panel));
    }
    if (offer.series?.length > 1) {
      const inputs = offer.series.map(([name]) => make("input", { type: "checkbox", value: name }));
      const labels = offer.series.map(([name, colour], n) => {
        const label = make("label", {}, inputs[n], ...(colour ? [make("span", { className: "swatch" })] : []), name);
        label.style.setProperty("--swatch", colour);
        return label;
      });
      const choose = () => changed({ shown: inputs.filter((one) => one.checked).map((one) => one.value) });
      for (const input of inputs) input.addEventListener("change", choose);
      const summary = make("summary", {});
      const set = make("fieldset", {}, make("legend", { textContent: offer.label }), ...labels);
      const few = inputs.length <= 8;
      form.append(few ? set : make("details", {}, summary, set));
      shows.push(() => {
        for (const input of inputs) input.checked = state.shown.includes(input.value);
        const count = state.shown.length;
        summary.textContent = `${offer.label}: ${count > 4 ? `${count} of ${inputs.length}` : listing(state.shown) || "none"}`;
      });
    }
    if (offer.years) {
      const [from, first] = select("From", offered.first, (value) => changed({ first: Number(value) }));
      const [to, last] = select("to", offered.last, (value) => changed({ last: Number(value) }));
      form.append(make("span", { className: "years" }, from, to));
      shows.push(() => ((first.value = state.first), (last.value = state.last)));
    }
    const back = make("button", { type: "button", textContent: "Usual view" });
    back.addEventListener("click", () => changed(null));
    form.append(back);
    return [form, (usually) => (shows.forEach((show) => show()), (back.hidden = usually))];
  };

  const draw = async (box) => {
    const spec = JSON.parse(box.querySelector("script").textContent);
    await withRows(spec.datasets);
    const still = box.querySelector("svg");
    const name = box.closest("[id^=fig-]")?.id || "";
    const offer = spec.usermeta || {};
    const usual = Object.fromEntries((spec.params || []).map((one) => [one.name, one.value]));
    const years = offer.years ? Array.from({ length: usual.last - usual.first + 1 }, (_, n) => usual.first + n) : [];
    const offered = { shown: (offer.series || []).map(([one]) => one), first: years, last: years, panel: offer.panels };
    const rows = Object.values(spec.datasets).flat().filter((row) => "series" in row && row.value !== null);
    let [state, told] = asked(name, offered, usual);

    const drawing = make("div", { className: "drawing" });
    const message = make("p", { className: "message", hidden: true });
    message.setAttribute("role", "status");
    spec.config.font = getComputedStyle(document.body).fontFamily;
    box.append(message, drawing);
    await load("vega_bundle");
    const how = { actions: false, ast: true, renderer: "svg", defaultStyle: false, hover: false, logLevel: 1 };
    const { view } = await vegaEmbed(drawing, spec, { ...how, patch: fluid, tooltip: { disableDefaultStyle: true } });
    // The drawing has the name of its picture; its marks have none, whatever Vega calls them and the drawing.
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", still.getAttribute("aria-label") || "");
    drawing.removeAttribute("aria-roledescription");
    drawing.querySelector("svg").setAttribute("aria-hidden", "true");
    still.remove();

    const update = async () => {
      for (const [param, value] of Object.entries(state)) if (value !== undefined) view.signal(param, value);
      await view.runAsync();
      const here = rows.filter(
        (row) =>
          (!offer.series || state.shown.includes(row.series)) &&
          (!offer.years || (row.year >= state.first && row.year <= state.last)) &&
          (!offer.panels || row.panel === state.panel),
      );
      const without = (state.shown || []).filter((one) => !here.some((row) => row.series === one));
      const period = offer.years ? ` from ${state.first} to ${state.last}` : "";
      const missing = without.length ? `No data for ${listing(without)}${period}.` : here.length ? "" : "Nothing is chosen.";
      message.textContent = [told, missing].filter(Boolean).join(" ");
      message.hidden = !message.textContent;
      drawing.hidden = !here.length;
      show?.(JSON.stringify(state) === JSON.stringify(usual));
    };
    const changed = (change) => {
      state = change ? { ...state, ...change } : { ...usual };
      if (state.first > state.last) state = { ...state, ...(change.first ? { last: state.first } : { first: state.last }) };
      told = "";
      keep(name, state, usual);
      update();
    };
    let show;
    if (offer.series || offer.panels) {
      const proxy = new Proxy({}, { get: (_, key) => state[key] });
      const [form, shown] = controls(offer, offered, proxy, changed);
      box.append(form);
      show = shown;
    }
    await update();
    window.addEventListener("hashchange", () => {
      if (location.hash.slice(1).split("?")[0] !== name) return;
      [state, told] = asked(name, offered, usual);
      update();
    });
    box.classList.add("live");
  };

  // As wide as its box, with the names of rows; Vega-Lite offers that, with a warning where rows have a height of their own.
  const fluid = ({ width, ...vega }) => {
    const room = "isFinite(containerSize()[0]) ? containerSize()[0] : 600";
    const signal = { name: "width", init: room, on: [{ events: "window:resize", update: room }] };
    return { ...vega, autosize: { type: "fit-x", contains: "padding" }, signals: [signal, ...(vega.signals || [])] };
  };

  const begin = (box) =>
    draw(box).catch((error) => {
      console.warn("A chart could not be drawn; its picture stays.", error);
      for (const part of box.querySelectorAll(".drawing, .message, .choices")) part.remove();
    });
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        begin(target);
      }
    },
    { rootMargin: "600px" },
  );
  boxes.forEach((box) => near.observe(box));
  // The browser itself scrolls to a plain address alone.
  const place = location.hash.slice(1).split("?");
  if (place.length > 1) document.getElementById(place[0])?.scrollIntoView();
})();
