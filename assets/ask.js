// The index of innovation under other choices, computed from the values that the page brings along.
// It repeats helpers.index for the weighted mean; tests hold the two together.
(function () {
  "use strict";

  const present = (column) => column.filter((x) => x !== null);
  const sum = (values) => values.reduce((total, x) => total + x, 0);
  const below = (x, column) => column.filter((other) => other < x).length;

  // Each takes the values present and returns what becomes of one of them.
  const SCALES = {
    minmax: (known) => {
      const low = Math.min(...known), width = Math.max(...known) - low;
      return (x) => ((x - low) / width) * 100;
    },
    "z-score": (known) => {
      const mean = sum(known) / known.length;
      const spread = Math.sqrt(sum(known.map((x) => (x - mean) * (x - mean))) / (known.length - 1));
      return (x) => (x - mean) / spread;
    },
    rank: (known) => (x) => below(x, known) + 1,
    "percentile-rank": (known) => (x) => below(x, known) / (known.length - 1),
    "fraction-of-maximum": (known) => {
      const high = Math.max(...known);
      if (!(high > 0)) throw new Error("A fraction of the maximum has no meaning where the maximum is not above zero. Choose another scale.");
      return (x) => x / high;
    },
  };

  /** Scores and ranks under a state {year, group, normalisation, weights}, best first; throws words for the reader. */
  const compute = (table, state) => {
    const names = Object.values(table.indicators), values = table.values[state.year];
    const total = sum(state.weights);
    if (!(total > 0)) throw new Error("All weights are zero. Give at least one indicator a weight above zero.");
    const weights = state.weights.map((w) => w / total);
    const rows = table.groups[state.group]
      .map((code) => [code, values[code]])
      .filter(([, row]) => row && present(row).length / row.length >= table.coverage - 1e-12);
    const columns = names.map((name, k) => {
      const known = present(rows.map(([, row]) => row[k]));
      if (known.length < table.indicator_coverage * rows.length || new Set(known).size < 2) {
        const has = `${name} is known for ${known.length} of the ${rows.length} economies in ${state.year}`;
        throw new Error(`${has}, which is too few for a ranking. Choose another year or group.`);
      }
      return SCALES[state.normalisation](known.map((x) => x * table.directions[k]));
    });
    const scored = rows.map(([code, row]) => {
      let score = 0, weight = 0;
      row.forEach((x, k) => {
        if (x === null) return;
        score += columns[k](x * table.directions[k]) * weights[k];
        weight += weights[k];
      });
      return { code, score: weight > 0 ? score / weight : null };
    });
    const ranked = scored.filter((one) => one.score !== null);
    for (const one of ranked) one.rank = 1 + ranked.filter((other) => other.score > one.score).length;
    return ranked.sort((a, b) => a.rank - b.rank || table.names[a.code].localeCompare(table.names[b.code], "en"));
  };

  // --- The address keeps the state: #ask=1.2018.oecd-plus.minmax.25-25-25-25; the first number is its version.
  const VERSION = "1";
  const written = (state) =>
    `#ask=${[VERSION, state.year, state.group, state.normalisation, state.weights.join("-")].map(encodeURIComponent).join(".")}`;
  /** The state that an address names; null where it names none, words where it is not one of this page. */
  const readState = (table, hash) => {
    if (!hash.startsWith("#ask=")) return null;
    let parts;
    try {
      parts = hash.slice(5).split(".").map(decodeURIComponent);
    } catch {
      parts = [];
    }
    const [version, year, group, normalisation, weights = ""] = parts;
    const found = weights.split("-").map(Number);
    const good =
      version === VERSION && Object.hasOwn(table.values, year) && Object.hasOwn(table.groups, group) &&
      table.normalisations.includes(normalisation) && found.length === Object.keys(table.indicators).length &&
      found.every((w) => w >= 0 && w <= 100);
    return good ? { year, group, normalisation, weights: found } : "This link was made for another edition of the page. You see the base choices.";
  };

  /** The command that computes the same numbers. */
  const command = (table, state) => {
    const weights = Object.keys(table.indicators).map((name, k) => `${name}: ${state.weights[k]}`).join(", ");
    const group = state.group.includes(",") ? `'[${state.group}]'` : state.group;
    return (
      `reshoring run innovation-index --scenario ${table.scenario} --numbers -p year=${state.year} -p group=${group} ` +
      `-p normalisation=${state.normalisation} -p 'weights={${weights}}'`
    );
  };

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const SHOWN = 12;
  const WORDS = {
    all: "all economies", oecd: "OECD", "oecd-plus": "OECD and others", g20: "G20", minmax: "minimum to maximum",
    "z-score": "z-scores", rank: "ranks", "percentile-rank": "percentile ranks", "fraction-of-maximum": "share of the maximum",
  };

  const build = (box) => {
    const table = JSON.parse(box.dataset.table);
    const base = Object.fromEntries(compute(table, table.base).map((one) => [one.code, one.rank]));
    const notice = element("p", { className: "ask-notice" });
    const outcome = element("p", { className: "ask-outcome" });
    outcome.setAttribute("aria-live", "polite");
    const body = element("tbody");
    const head = element("tr", {}, ...["Rank", "Economy", "Score", "Change"].map((text) => element("th", { scope: "col", textContent: text })));
    const list = element("table", { className: "table report-table ask-ranks" }, element("thead", {}, head), body);
    const code = element("code");
    const fields = {};
    const controls = element("div", { className: "ask-controls" });
    const words = { group: "Economies", normalisation: "Scale", year: "Year" };
    const options = { year: Object.keys(table.values), group: Object.keys(table.groups), normalisation: table.normalisations };
    for (const [name, values] of Object.entries(options)) {
      const label = (value) => (value.includes(",") ? "those of this page" : WORDS[value] || value);
      fields[name] = element("select", {}, ...values.map((value) => element("option", { value, textContent: label(value) })));
      controls.append(element("label", {}, `${words[name]} `, fields[name]));
    }
    fields.weights = Object.values(table.indicators).map((name) => {
      const slider = element("input", { type: "range", min: 0, max: 100, step: 1 });
      const shown = element("output");
      slider.addEventListener("input", () => (shown.textContent = slider.value));
      controls.append(element("label", { className: "ask-weight" }, `Weight of ${name} `, shown, slider));
      return slider;
    });
    const reset = element("button", { type: "button", textContent: "Base choices" });
    controls.append(reset);

    const fill = (state) => {
      for (const name of Object.keys(options)) fields[name].value = state[name];
      fields.weights.forEach((slider, k) => {
        slider.value = state.weights[k];
        slider.previousSibling.textContent = slider.value;
      });
    };
    const state = () => ({
      year: fields.year.value, group: fields.group.value, normalisation: fields.normalisation.value,
      weights: fields.weights.map((slider) => Number(slider.value)),
    });
    const row = (one) => {
      const change = base[one.code] === undefined ? "not in the base" : base[one.code] - one.rank;
      const moved = typeof change === "string" ? change : change === 0 ? "same" : change > 0 ? `▲ ${change}` : `▼ ${-change}`;
      const cells = [one.rank, table.names[one.code], one.score.toFixed(2), moved];
      const made = element("tr", {}, ...cells.map((text) => element("td", { textContent: text })));
      if (one.code === table.focus) made.className = "ask-focus";
      return made;
    };
    const draw = () => {
      const now = state();
      try {
        const ranked = compute(table, now), own = ranked.find((one) => one.code === table.focus);
        const name = table.names[table.focus];
        outcome.textContent = own
          ? `${name} is number ${own.rank} of ${ranked.length} economies; under the base choices it is number ${base[table.focus]}.`
          : `${name} has too few values to be ranked under these choices.`;
        body.replaceChildren(...ranked.filter((one, n) => n < SHOWN || one === own).map(row));
        list.hidden = false;
      } catch (error) {
        outcome.textContent = error.message;
        list.hidden = true;
      }
      code.textContent = command(table, now);
    };
    const changed = () => {
      notice.textContent = "";
      draw();
      history.replaceState(null, "", written(state()));
    };
    const fromAddress = () => {
      const found = readState(table, location.hash);
      notice.textContent = typeof found === "string" ? found : "";
      fill(found && typeof found === "object" ? found : table.base);
      draw();
    };
    controls.addEventListener("input", changed);
    reset.addEventListener("click", () => {
      fill(table.base);
      changed();
    });
    window.addEventListener("hashchange", fromAddress);
    const same = element("p", { className: "ask-command" }, "The same numbers from the engine: ", code);
    box.replaceChildren(notice, controls, outcome, element("div", { className: "table-scroll" }, list), same);
    fromAddress();
    if (location.hash.startsWith("#ask=")) box.scrollIntoView();
  };

  window.askYourself = { compute, readState, written, command };
  document.querySelectorAll(".ask[data-table]").forEach(build);
})();
