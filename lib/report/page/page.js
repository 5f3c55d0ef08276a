"use strict";
/* Gives the page's controls life. The page reads without it. */
(() => {
  const facts = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  /* Light and dark. */
  function prepareTheme() {
    const root = document.documentElement;
    const button = byId("theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const show = () => {
      button.setAttribute("aria-pressed", String(isDark()));
    };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      show();
    });
    system.addEventListener("change", show);
    show();
  }

  /* Search and filters of the policy. */
  function preparePolicy() {
    const form = byId("policy-filters");
    if (!form) return;
    const count = byId("policy-count");
    const sections = [...document.querySelectorAll(".arch")].map((section) => ({
      section,
      rows: [...section.querySelectorAll("tbody tr")].map((row) => ({
        row,
        text: [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase(),
        looks: row.dataset.looks.split(" "),
      })),
    }));
    const boxes = [...form.querySelectorAll("fieldset input")];
    const needs = ["conditional", "differs"].filter((name) => form.elements[name]);

    function apply() {
      /* Commas separate what may be there instead, blanks what must be there as well. */
      const searches = form.elements.text.value.toLowerCase().split(",")
        .map((part) => part.split(/\s+/).filter(Boolean)).filter((words) => words.length > 0);
      const arch = form.elements.arch.value;
      const looks = new Set(boxes.filter((box) => box.checked).map((box) => box.name));
      const wanted = needs.filter((name) => form.elements[name].checked);
      let shown = 0;
      let all = 0;
      for (const {section, rows} of sections) {
        let here = 0;
        for (const {row, text, looks: own} of rows) {
          const match = (arch === "" || section.dataset.arch === arch) &&
            (searches.length === 0 ||
              searches.some((words) => words.every((word) => text.includes(word)))) &&
            own.some((look) => looks.has(look)) && wanted.every((name) => name in row.dataset);
          row.classList.toggle("no-match", !match);
          if (match) ++here;
        }
        section.classList.toggle("no-match", here === 0);
        shown += here;
        all += rows.length;
      }
      count.textContent = shown === all ? `${all} rows` : `${shown} of ${all} rows`;
    }

    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }

  /* Pictures: size, colours, and the way of a tried call. */
  function preparePictures() {
    for (const controls of document.querySelectorAll(".picture-controls")) {
      const figure = byId(controls.dataset.for);
      const svg = figure.querySelector("svg");
      const natural = svg.viewBox.baseVal.width;
      let scale = 1;
      const resize = (to) => {
        scale = Math.min(4, Math.max(0.05, to));
        svg.setAttribute("width", natural * scale);
        svg.setAttribute("height", svg.viewBox.baseVal.height * scale);
      };
      const fit = () => resize(Math.min(1, (figure.clientWidth - 2) / natural));
      const actions = {in: () => resize(scale * 1.25), out: () => resize(scale / 1.25), fit};
      for (const button of controls.querySelectorAll("button"))
        button.addEventListener("click", actions[button.dataset.zoom]);
      controls.querySelector("[data-colour]").addEventListener("change", (event) => {
        figure.classList.toggle("by-cost", event.target.value === "cost");
      });
      /* A picture of any size begins legible, at its entry. */
      resize(Math.max(0.6, Math.min(1, (figure.clientWidth - 2) / natural)));
      const entry = svg.querySelector("a.node").transform.baseVal[0].matrix.f;
      figure.scrollTop = entry * scale - figure.clientHeight / 3;
    }
  }

  function clearPaths() {
    for (const marked of document.querySelectorAll(".on-path")) marked.classList.remove("on-path");
  }

  function markPath(program, path) {
    for (const pc of path) byId(`${program.id}i${pc}`)?.classList.add("on-path");
    const figure = byId(`picture-${program.id}`);
    if (!figure) return;
    const nodes = path.map((pc) => program.nodes[pc]).filter((node) => node >= 0);
    const passed = nodes.filter((node, i) => node !== nodes[i - 1]);
    passed.forEach((node, i) => {
      figure.querySelector(`a[data-node="${node}"]`)?.classList.add("on-path");
      const ways = `.way[data-from="${node}"][data-to="${passed[i + 1]}"]`;
      for (const way of figure.querySelectorAll(ways)) way.classList.add("on-path");
    });
  }

  /* Try a call. */
  const fieldNames = ["arch", "call", "ip", "arg0", "arg1", "arg2", "arg3", "arg4", "arg5"];
  const field = (name) => byId(`try-${name}`);

  function offerCalls() {
    const list = byId("calls");
    let arch;
    try {
      arch = Values.parseArch(facts, field("arch").value);
    } catch {
      return;
    }
    if (list.dataset.arch === arch.token) return;
    list.dataset.arch = arch.token;
    list.replaceChildren(...Object.keys(arch.calls).map((name) => element("option", {value: name})));
  }

  /* Each field read on its own, so that the one at fault can be marked. */
  function readForm() {
    let arch;
    const read = {
      arch: (text) => {
        arch = Values.parseArch(facts, text);
        return arch.audit;
      },
      call: (text) => Values.parseCall(arch ?? {calls: {}, token: "that arch"}, text),
    };
    const record = {args: []};
    const faults = [];
    for (const name of fieldNames) {
      const input = field(name);
      input.removeAttribute("aria-invalid");
      try {
        const value = (read[name] ?? ((text) => Values.parseValue(facts, text)))(input.value);
        if (name.startsWith("arg")) record.args.push(value);
        else record[name === "call" ? "nr" : name] = value;
      } catch (error) {
        if (!(error instanceof Values.NotUnderstood)) throw error;
        /* What a call's name means depends on an arch that is at fault itself. */
        if (name === "call" && !arch) continue;
        input.setAttribute("aria-invalid", "true");
        faults.push(error.message);
      }
    }
    return {arch, record, faults};
  }

  const link = (program, pc) =>
    element("a", {href: `#${program.id}i${pc}`, textContent: String(pc)});

  function verdict(value) {
    return element("span", {
      className: `verdict ${Values.look(facts, value)}`,
      textContent: Values.verdictText(facts, value),
    });
  }

  const hex = (value) => `0x${value.toString(16).padStart(8, "0")}`;

  /* Runs of neighbours, each [first, last]. */
  function runsOf(path) {
    const runs = [];
    for (const pc of path) {
      const run = runs.at(-1);
      if (run && run[1] + 1 === pc) run[1] = pc;
      else runs.push([pc, pc]);
    }
    return runs;
  }

  function pathText(program, path) {
    const most = 24;
    const cell = element("td", {className: "path"});
    const runs = runsOf(path);
    const shown = runs.length <= most ? runs : [...runs.slice(0, most - 1), null, runs.at(-1)];
    shown.forEach((run, i) => {
      if (i > 0) cell.append(", ");
      if (!run) cell.append("\u2026");
      else if (run[0] === run[1]) cell.append(link(program, run[0]));
      else cell.append(link(program, run[0]), "\u2013", link(program, run[1]));
    });
    return cell;
  }

  function outcomeRow(index, program, outcome, decided) {
    return element("tr", {},
      element("th", {scope: "row", textContent: `${index}${decided ? " (decides)" : ""}`}),
      element("td", {}, verdict(outcome.value)),
      element("td", {}, element("code", {textContent: hex(outcome.value)})),
      element("td", {textContent: String(outcome.path.length)}),
      pathText(program, outcome.path));
  }

  function outcomeTable(programs, answer) {
    const most = 40;
    const heads = ["Filter", "Verdict", "Value", "Executed", "Path"].map((title) =>
      element("th", {scope: "col", textContent: title}));
    const rows = programs.slice(0, most).map((program, i) =>
      outcomeRow(i, program, answer.outcomes[i], answer.decidedBy === i));
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows));
    return element("div", {className: "scrolled"}, table);
  }

  function answerOf(subject, index, arch, record) {
    const programs = subject.filters.map((at) => facts.programs[at]);
    const words = Evaluator.wordsOf(record, arch.big);
    const answer = Evaluator.runStack(programs.map((program) => program.insns), words, facts.rules);
    programs.forEach((program, i) => markPath(program, answer.outcomes[i].path));
    const executed = answer.outcomes.reduce((sum, outcome) => sum + outcome.path.length, 0);
    const title = element("p", {className: "answer"});
    if (facts.subjects.length > 1)
      title.append(element("b", {className: "side", textContent: index === 0 ? "A" : "B"}), " ");
    title.append(verdict(answer.value), ` ${Values.effectText(facts, arch, answer.value)} `,
      element("span", {className: "soft", textContent: `${executed} instructions executed.`}));
    return [title, outcomeTable(programs, answer)];
  }

  function command(arch, record) {
    const number = (value) => (value < 4096n ? String(value) : `0x${value.toString(16)}`);
    const name = Values.callName(arch, record.nr);
    const words = ["assay run FILTER", `--arch ${arch.token}`,
      name ? `--syscall ${name}` : `--nr ${record.nr}`];
    if (record.ip !== 0n) words.push(`--ip ${number(record.ip)}`);
    record.args.forEach((value, i) => {
      if (value !== 0n) words.push(`--arg ${i}=${number(value)}`);
    });
    return element("pre", {}, element("code", {textContent: words.join(" ")}));
  }

  function evaluate() {
    const result = byId("trial-result");
    clearPaths();
    const {arch, record, faults} = readForm();
    if (faults.length > 0) {
      result.replaceChildren(...faults.map((text) => element("p", {className: "error", textContent: `${text}.`})));
      return;
    }
    const parts = facts.subjects.flatMap((subject, i) => answerOf(subject, i, arch, record));
    if (arch.audit === 0xc000003e && facts.unfiltered.includes(record.nr))
      parts.unshift(element("p", {className: "note",
        textContent: `On ${facts.rules.name} this number runs no filter at all.`}));
    result.replaceChildren(...parts, command(arch, record));
  }

  function prepareTrial() {
    const form = byId("trial");
    byId("arches").replaceChildren(...facts.arches.map((arch) => element("option", {value: arch.token})));
    field("arch").addEventListener("input", offerCalls);
    offerCalls();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      evaluate();
    });
    form.addEventListener("reset", () => {
      clearPaths();
      byId("trial-result").replaceChildren();
      setTimeout(offerCalls);
    });
    for (const button of document.querySelectorAll(".try"))
      button.addEventListener("click", () => {
        const record = JSON.parse(button.dataset.record);
        for (const name of ["arch", "call", "ip"]) field(name).value = record[name];
        record.args.forEach((value, i) => {
          field(`arg${i}`).value = value;
        });
        offerCalls();
        evaluate();
        byId("try").scrollIntoView();
        field("call").focus({preventScroll: true});
      });
  }

  prepareTheme();
  preparePolicy();
  preparePictures();
  prepareTrial();
})();
