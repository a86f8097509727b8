// Progressive enhancement: every page reads well without this file.
(function () {
  "use strict";
  const root = document.currentScript.dataset.root || "./";

  // A text without what another view of the page says in its place.
  const words = (element) => {
    const copy = element?.cloneNode(true);
    copy?.querySelectorAll(".other").forEach((other) => other.remove());
    return copy?.textContent.trim();
  };

  // Tables that scroll can be reached and scrolled with the keyboard. What is folded has no size until it is opened.
  const reach = (box) => {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) {
      box.tabIndex = 0;
      const caption = box.closest("figure")?.querySelector("figcaption") || box.querySelector("caption");
      const heading = box.closest("section")?.querySelector("h2, h3");
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `${words(caption || heading) || "Table"} (scrolls)`);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  };
  const reachAll = (part) => part.querySelectorAll(".table-scroll").forEach(reach);
  reachAll(document);
  document.addEventListener("shown.bs.collapse", (event) => reachAll(event.target));

  // A link to something folded opens the fold, and so does one to the heading of an entry that is folded but for it.
  const unfold = () => {
    // What stands after a question mark is for a chart.
    const target = document.getElementById(location.hash.slice(1).split("?")[0]);
    const entry = target?.closest("section")?.querySelector(":scope > .callout.entry .callout-collapse:not(.show)");
    const fold = target?.closest(".callout-collapse:not(.show)") || entry;
    if (!fold) return;
    fold.classList.add("show");
    for (const toggle of fold.closest(".callout").querySelectorAll("[data-bs-toggle=collapse]")) {
      toggle.classList.remove("collapsed");
      toggle.setAttribute("aria-expanded", "true");
    }
    reachAll(fold);
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", unfold);
  unfold();

  // A table with controls scrolls in a box within these, so that they stay in sight: that box takes the place of ours.
  const moveScrolling = (outer, inner) => {
    inner.classList.add(...outer.classList);
    for (const name of ["class", "tabindex", "role", "aria-label"]) outer.removeAttribute(name);
    reach(inner);
  };

  // What opens and closes something is a button, whatever the renderer calls it; each navigation has a name.
  for (const toggle of document.querySelectorAll(":is(a, button)[role=navigation], .callout-header[data-bs-toggle]")) {
    toggle.setAttribute("role", "button");
  }
  for (const toggle of document.querySelectorAll(".callout-header[data-bs-toggle]")) {
    toggle.tabIndex = 0;
    toggle.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle.click();
    });
  }
  const names = {
    "nav.navbar": "Main",
    "#quarto-sidebar": "Pages",
    ".quarto-secondary-nav": "Way to this page",
    "#TOC": "On this page",
    "a.quarto-color-scheme-toggle": "Switch between light and dark",
  };
  for (const [place, name] of Object.entries(names)) {
    for (const element of document.querySelectorAll(place)) element.setAttribute("aria-label", name);
  }
  document.querySelector("main")?.setAttribute("tabindex", "-1"); // the skip link moves the focus there
  document.body.prepend(document.querySelector(".skip-link")); // Quarto puts it below its header

  // The side bar marks where the reader is: the page, or the newest view of it, or the list that it stands in.
  const place = (link) => link && link.href.split(/[?#]/)[0].replace(/\/$/, "/index.html");
  const links = [...document.querySelectorAll("#quarto-sidebar a[href]")];
  const here = [location, document.querySelector(".views a"), document.querySelector(".way-back a")].map(place);
  const found = here.map((one) => links.find((link) => place(link) === one)).find(Boolean);
  for (const link of found ? links : []) {
    link.classList.toggle("active", link === found);
    if (link === found) link.setAttribute("aria-current", place(link) === here[0] ? "page" : "true");
    else link.removeAttribute("aria-current");
  }

  if (document.querySelector(".chart")) {
    const charts = document.createElement("script");
    charts.src = root + "assets/charts.js";
    charts.dataset.root = root;
    document.body.append(charts);
  }
  if (document.querySelector(".ask[data-table]")) {
    document.head.append(Object.assign(document.createElement("script"), { src: root + "assets/ask.js" }));
  }

  const tables = document.querySelectorAll("table.sortable");
  if (!tables.length) return;

  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = root + "build/assets/dt_bundle.css";
  // First in the head, so that the site's own style has the last word.
  document.head.prepend(style);

  const script = document.createElement("script");
  script.src = root + "build/assets/dt_bundle.js";
  script.onload = () => {
    for (const table of tables) {
      const long = table.tBodies[0].rows.length > 15;
      const outer = table.closest(".table-scroll");
      const built = new DataTable(table, {
        order: [],
        paging: long,
        pageLength: 15,
        lengthMenu: [15, 50, { label: "all", value: -1 }],
        info: long,
        autoWidth: false,
        language: { search: "Filter:", emptyTable: "No rows" },
      });
      const inner = table.parentElement;
      moveScrolling(outer, inner);
      const named = () => {
        const caption = words(table.closest("figure")?.querySelector("figcaption")) || "the table";
        built.table().container().querySelector("nav")?.setAttribute("aria-label", `Rows of ${caption}`);
        reach(inner);
      };
      named();
      built.on("draw", named);
      // Nobody turns the pages of a table on paper.
      let length = built.page.len();
      window.addEventListener("beforeprint", () => {
        length = built.page.len();
        built.page.len(-1).draw();
      });
      window.addEventListener("afterprint", () => built.page.len(length).draw());
    }
  };
  document.head.append(script);
})();
