#!/usr/bin/python3
"""The page of `assay report`, in a browser: its evaluator is the interpreter's equal, its controls
work, and it can be read by everybody: names, keyboard, contrast, narrow windows, paper."""
import json
import os
import random
import unittest
from pathlib import Path

import browser
import outside
import programs

EXAMPLES = outside.HERE.parent.parent / "examples"
SEED = 20241126
MISSING = browser.missing()
# For random filters, most of whose policies are not worth the time.
QUICK = ("--node-limit", "20000")

# Every element that shows text of its own, with its colour, what is behind it, and the contrast
# of the two by WCAG 2. In an SVG what is behind is the last filled shape drawn before the text
# around its middle.
CONTRASTS = r"""
const luminance = ([r, g, b]) => {
  const part = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const colour = (text) => {
  const numbers = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  return numbers.length < 4 ? [...numbers, 1] : numbers;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const ground = colour(getComputedStyle(at).backgroundColor);
    if (ground[3] > 0) return ground;
  }
  return [255, 255, 255, 1];
};
const drawnBehind = (text) => {
  const box = text.getBoundingClientRect();
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  let ground = null;
  for (const shape of text.closest("svg").querySelectorAll("rect")) {
    if (!(shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
    const area = shape.getBoundingClientRect();
    const inside = area.left <= x && x <= area.right && area.top <= y && y <= area.bottom;
    const fill = getComputedStyle(shape).fill;
    if (inside && fill !== "none") ground = colour(fill);
  }
  return ground ?? behind(text.closest("svg"));
};
const rows = [];
const seen = new Set();
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !element.getClientRects().length || element.closest("script, title")) continue;
  const svg = element.ownerSVGElement;
  const style = getComputedStyle(element);
  const ink = colour(svg ? style.fill : style.color);
  const ground = svg ? drawnBehind(element) : behind(element);
  const key = [ink, ground, element.tagName].join();
  if (seen.has(key)) continue;
  seen.add(key);
  const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
  rows.push([(light + 0.05) / (dark + 0.05), element.tagName, element.className.baseVal ??
             element.className, element.textContent.trim().slice(0, 30), style.color, ground.join()]);
}
return rows;
"""

EVALUATE = r"""
const facts = JSON.parse(document.getElementById("data").textContent);
const stack = facts.subjects[0].filters.map((at) => facts.programs[at].insns);
return arguments[0].map((row) => {
  const record = {nr: row.nr, arch: row.arch, ip: BigInt(row.ip), args: row.args.map(BigInt)};
  const arch = Values.parseArch(facts, String(row.arch));
  const answer = Evaluator.runStack(stack, Evaluator.wordsOf(record, arch.big), facts.rules);
  const executed = answer.outcomes.reduce((sum, outcome) => sum + outcome.path.length, 0);
  const value = stack.length === 1 ? answer.outcomes[0].value : answer.value;
  return [value, executed, Values.verdictText(facts, value)];
});
"""

FOCUSED = r"""
const at = document.activeElement;
if (!at || at === document.body) return null;
const shape = at.querySelector(":scope > .body") ?? at;
const style = getComputedStyle(shape);
const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
const stroke = shape !== at && parseFloat(style.strokeWidth) >= 2;
at.dataset.reached = "";
const box = at.getBoundingClientRect();
return {what: at.outerHTML.slice(0, 120), visible: ring || stroke,
        inView: box.bottom > 0 && box.top < innerHeight};
"""

TABBABLE = "a[href], button, input, select, summary, [tabindex='0']"


@unittest.skipIf(MISSING, MISSING)
class Page(outside.InFolder):
    @classmethod
    def setUpClass(cls):
        context = browser.browser()
        cls.browser = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)

    def setUp(self):
        super().setUp()
        self.browser.like()
        self.browser.width(1280)

    def page(self, *arguments, name="page.html", status=(0,)):
        path = self.folder / name
        done = outside.run("report", *arguments, "--output", path, cwd=self.folder)
        self.assertIn(done.returncode, status, done.stderr)
        self.browser.open(path)
        self.assertEqual(self.browser.complaints(), [])
        return path

    def write(self, name, instructions):
        (self.folder / name).write_bytes(programs.encoded(instructions))
        return name

    def text(self, selector):
        return self.browser.run("return document.querySelector(arguments[0]).innerText", selector)

    def fill(self, **fields):
        self.browser.run("for (const [name, value] of Object.entries(arguments[0])) {"
                         "  const field = document.getElementById(`try-${name}`);"
                         "  field.value = value;"
                         "  field.dispatchEvent(new Event('input', {bubbles: true})); }"
                         "document.getElementById('trial').requestSubmit();", fields)
        return self.text("#trial-result")

    # The evaluator.

    def check_evaluator(self, filters, drawn, count):
        """The page's answers to `count` records are those of `assay run`."""
        records = [programs.record(drawn) for _ in range(count)]
        lines = "".join(json.dumps(row) + "\n" for row in records).encode()
        done = outside.run("run", *(["--stack"] if len(filters) > 1 else []), *filters,
                           "--records", "-", "--format", "json", stdin=lines, cwd=self.folder)
        said = [json.loads(line) for line in self.check(done).splitlines()]
        expected = [[row["value"], row["insns"], row["verdict"]] for row in said]
        self.page(filters[0], *(f"--stack-a={newer}" for newer in filters[1:]), *QUICK,
                  status=(0, 5))
        found = self.browser.run(EVALUATE, records)
        for record, ours, theirs in zip(records, found, expected, strict=True):
            self.assertEqual(ours, theirs, f"seed {SEED}: {filters}: {record}")
        return count

    def test_evaluator_is_the_interpreter(self):
        compared = 0
        for index in range(50):
            drawn = random.Random(f"{SEED}/{index}")
            depth = drawn.randint(2, 5) if index % 5 == 0 else 1
            filters = [self.write(f"{i}.bpf", programs.program(drawn)) for i in range(depth)]
            compared += self.check_evaluator(filters, drawn, 200)
        self.assertEqual(compared, 10000)

    def test_evaluator_on_examples(self):
        for records in sorted((EXAMPLES / "records").glob("*.ndjson")):
            stem = records.stem
            paths = [EXAMPLES / f"{stem}.asm", EXAMPLES / f"{stem}.bpf",
                     *sorted((EXAMPLES / stem).glob("*.asm"))]
            filters = [str(path) for path in paths if path.exists()]
            with self.subTest(example=stem):
                self.check_evaluator(filters, random.Random(stem), 100)

    def test_older_kernels_rules(self):
        for semantics in ("linux-4.4", "linux-6.12-ppc64le-jit", "linux-6.12-arm-jit"):
            drawn = random.Random(semantics)
            for index in range(4):
                name = self.write("f.bpf", programs.program(drawn))
                records = [programs.record(drawn) for _ in range(100)]
                lines = "".join(json.dumps(row) + "\n" for row in records).encode()
                said = self.check(outside.run("run", name, "--records", "-", "--format", "json",
                                              "--semantics", semantics, stdin=lines,
                                              cwd=self.folder))
                expected = [[row["value"], row["insns"], row["verdict"]]
                            for row in map(json.loads, said.splitlines())]
                self.page(name, "--semantics", semantics, *QUICK, status=(0, 5))
                self.assertEqual(self.browser.run(EVALUATE, records), expected,
                                 f"{semantics}, filter {index}")

    # The form.

    def test_form_reads_what_people_type(self):
        self.page("openat.txt")
        self.assertIn("ERRNO(13)", self.fill(arch="x86_64", call="openat", arg2="O_RDWR|O_CREAT"))
        self.assertIn("fails with EACCES", self.text("#trial-result"))
        self.assertIn("--arg 2=66", self.text("#trial-result"))
        self.assertIn("ALLOW", self.fill(arg2="0x8000"))
        self.assertIn("ALLOW", self.fill(arg2="18446744073709551612"))
        self.assertIn("ERRNO(13)", self.fill(arg2="-1"))
        self.assertIn("ERRNO(13)", self.fill(arg2="0xffffffff00000001"))
        self.assertIn("ERRNO(13)", self.fill(call="257", arg2="0b10"))
        self.assertIn("ALLOW", self.fill(arch="AUDIT_ARCH_X86_64", call="0x40000101"))
        self.assertIn("KILL_PROCESS", self.fill(arch="AUDIT_ARCH_I386", call="openat"))
        self.assertIn("has to be a number", self.fill(arch="s390x", call="openat"))
        self.assertIn("KILL_PROCESS", self.fill(arch="0x1234", call="257"))

    def test_form_marks_what_it_does_not_understand(self):
        self.page("openat.txt")
        for field, value, told in (("call", "opneat", "no system call of x86_64"),
                                   ("arg3", "O_NONE", "neither a number nor a known constant"),
                                   ("arg0", "0x10000000000000000", "does not fit into 64 bits"),
                                   ("call", "4294967296", "does not fit into 32 bits"),
                                   ("arch", "x86_65", "no architecture"),
                                   ("arg1", "constructor", "neither a number")):
            with self.subTest(field=field, value=value):
                self.fill(arch="x86_64", call="openat", arg0="0", arg1="0", arg2="0", arg3="0")
                self.assertIn(told, self.fill(**{field: value}))
                self.assertEqual(self.browser.run(
                    "return [...document.querySelectorAll('[aria-invalid]')].map((e) => e.id)"),
                    [f"try-{field}"])

    def test_form_shows_the_way_through_picture_and_listing(self):
        self.page("openat.txt")
        self.fill(arch="x86_64", call="openat", arg2="1")
        marked = self.browser.run("return [...document.querySelectorAll('.listing .on-path')]"
                                  ".map((row) => row.id)")
        self.assertGreater(len(marked), 2)
        self.assertEqual(marked[0], "p0i0")
        self.assertGreater(self.browser.run(
            "return document.querySelectorAll('.flow a.on-path').length"), 0)
        self.browser.run("document.querySelector('#trial [type=reset]').click()")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.on-path').length"), 0)

    def test_form_tells_of_numbers_that_run_no_filter(self):
        self.page("exec.txt")
        self.assertIn("runs no filter at all", self.fill(call="335"))
        self.assertNotIn("runs no filter at all", self.fill(call="334"))
        self.assertNotIn("runs no filter at all", self.fill(arch="x86", call="335"))

    # Findings.

    def test_witness_of_a_finding_can_be_tried(self):
        self.page("exec.txt")
        self.assertIn("execveat", self.text("#findings"))
        record = self.browser.run(
            "const button = document.querySelector('#findings .try'); button.click();"
            "return JSON.parse(button.dataset.record)")
        self.assertEqual(self.browser.run("return document.getElementById('try-call').value"),
                         record["call"])
        shown = self.browser.run("return document.querySelector('#findings .try')"
                                 ".closest('li').querySelector('.verdict').innerText")
        self.assertEqual(self.text("#trial-result .verdict"), shown.split()[0])
        self.assertEqual(self.browser.run("return document.activeElement.id"), "try-call")

    def test_finding_leads_to_its_instruction(self):
        self.page("odd.txt")
        link = "document.querySelector('#findings .to-insn')"
        self.browser.run(f"{link}.click()")
        target = self.browser.run(f"return {link}.getAttribute('href')")
        self.assertEqual(self.browser.run("return location.hash"), target)
        back = self.browser.run("return document.querySelector(':target td:last-child a')"
                                ".getAttribute('href')")
        self.assertEqual(self.browser.run("return document.querySelector(arguments[0])"
                                          ".contains(document.querySelector('#findings .to-insn'))"
                                          " || arguments[0].startsWith('#finding-')", back), True)

    # The policy.

    def shown_calls(self):
        return self.browser.run(
            "return [...document.querySelectorAll('.arch tbody tr')].filter((row) =>"
            " row.offsetParent).map((row) => row.querySelector('.call').innerText)")

    def filter(self, script):
        self.browser.run(f"const f = document.getElementById('policy-filters').elements; {script};"
                         "document.getElementById('policy-filters')"
                         ".dispatchEvent(new Event('input'))")
        return self.shown_calls()

    def test_policy_can_be_searched_and_filtered(self):
        self.page(EXAMPLES / "container.bpf")
        everything = self.shown_calls()
        self.assertGreater(len(everything), 1000)
        self.assertEqual(len(self.filter("f.text.value = 'openat2'")), 3, "of three arches")
        self.assertEqual(self.filter("f.arch.value = 'x86_64'"), ["openat2"])
        self.assertIn("1 of ", self.text("#policy-count"))
        found = self.filter("f.text.value = ''; f.conditional.checked = true")
        self.assertEqual(found, ["socket", "clone", "personality"])
        found = self.filter("f.conditional.checked = false; f.allow.checked = false")
        self.assertIn("kexec_load", found)
        self.assertNotIn("read", found)
        self.assertEqual(self.filter("f.allow.checked = true; f.arch.value = ''"), everything)

    def test_policy_row_says_what_explain_says(self):
        self.page("openat.txt")
        self.filter("f.text.value = 'openat'; f.arch.value = 'x86_64'")
        row = self.browser.run("return [...document.querySelectorAll('.arch tbody tr')].find((r) =>"
                               " r.querySelector('.call').innerText === 'openat' && r.offsetParent)"
                               ".innerText")
        self.assertIn("ERRNO(13) EACCES if (arg2 & 0x3) != 0", row.replace("\n", " "))
        self.assertIn("ALLOW otherwise", row)

    def test_two_targets_stand_side_by_side(self):
        self.page("exec.txt", "openat.txt")
        self.assertIn("They differ", self.text("#summary"))
        shown = self.filter("f.differs.checked = true; f.arch.value = 'x86_64'")
        self.assertEqual(shown, ["execve", "openat"])
        self.fill(arch="x86_64", call="execve")
        answers = self.browser.run("return [...document.querySelectorAll('.answer')]"
                                   ".map((p) => p.innerText)")
        self.assertEqual(len(answers), 2)
        self.assertNotEqual(answers[0].split()[1], answers[1].split()[1])
        self.page("exec.txt", "exec.txt")
        self.assertIn("Both mean the same", self.text("#summary"))

    # For everybody.

    def check_contrast(self, where):
        rows = self.browser.run(CONTRASTS)
        self.assertGreater(len(rows), 20)
        poor = [row for row in rows if row[0] < 4.5]
        self.assertEqual(poor, [], where)

    def test_contrast(self):
        for target in (["exec.txt", "openat.txt"], [EXAMPLES / "web-server.asm"], ["odd.txt"]):
            for dark in (False, True):
                with self.subTest(target=target, dark=dark):
                    self.browser.like(dark=dark)
                    self.page(*target)
                    self.fill(arch="x86_64", call="execve")
                    self.check_contrast("as it opens, with an answer")
                    self.browser.run("document.querySelectorAll('.picture').forEach((p) =>"
                                     " p.classList.add('by-cost'));"
                                     "location.hash = '#p0i1'")
                    self.check_contrast("coloured by cost, an instruction chosen")
                    self.fill(call="no-such-call")
                    self.check_contrast("with a complaint")

    def test_theme_can_be_chosen(self):
        for dark in (False, True):
            self.browser.like(dark=dark)
            self.page("exec.txt")
            ground = "return getComputedStyle(document.body).backgroundColor"
            before = self.browser.run(ground)
            pressed = "return document.getElementById('theme').getAttribute('aria-pressed')"
            self.assertEqual(self.browser.run(pressed), str(dark).lower())
            self.browser.run("document.getElementById('theme').click()")
            self.assertEqual(self.browser.run(pressed), str(not dark).lower())
            self.assertNotEqual(self.browser.run(ground), before)
            self.check_contrast("chosen against the system")

    def test_every_control_has_a_name(self):
        self.page("exec.txt", "openat.txt")
        self.fill(arch="x86_64", call="execve")
        controls = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "spinbutton",
                    "DisclosureTriangle", "region", "image", "form", "search", "navigation"}
        nodes = self.browser.tell("Accessibility.getFullAXTree")["nodes"]
        seen = {}
        for node in nodes:
            role = node.get("role", {}).get("value")
            focusable = any(p["name"] == "focusable" and p["value"].get("value")
                            for p in node.get("properties", []))
            ignored = node.get("ignored") or role in ("RootWebArea", "main", "contentinfo")
            if ignored or not (focusable or role in controls):
                continue
            name = node.get("name", {}).get("value", "").strip()
            self.assertTrue(name, node)
            seen.setdefault(role, set()).add(name)
        self.assertTrue({"Evaluate", "Reset", "Dark", "Larger", "Smaller", "Fit"}
                        <= seen["button"], seen)
        self.assertTrue({"System call", "arg0", "arg5", "Instruction pointer"}
                        <= seen.get("textbox", set()) | seen["combobox"], seen)
        self.assertIn("Search", "".join(seen["searchbox"]))

    def test_headings_go_down_by_one(self):
        for target in (["exec.txt", "openat.txt"], ["odd.txt"]):
            self.page(*target)
            self.check_headings()

    def check_headings(self):
        levels = self.browser.run("return [...document.querySelectorAll('h1,h2,h3,h4')]"
                                  ".map((h) => Number(h.tagName[1]))")
        self.assertEqual(levels[0], 1)
        self.assertEqual(levels.count(1), 1)
        self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels)

    def test_keyboard_reaches_every_control_and_shows_where_it_is(self):
        self.page("exec.txt", "openat.txt")
        self.fill(arch="x86_64", call="execve")
        self.browser.run("scrollTo(0, 0); document.activeElement.blur()")
        stops = 0
        while stops < 2000:
            self.browser.press("Tab")
            focus = self.browser.run(FOCUSED)
            if focus is None:
                break
            self.assertTrue(focus["visible"], focus)
            self.assertTrue(focus["inView"], focus)
            stops += 1
        missed = self.browser.run(
            f"return [...document.querySelectorAll(\"{TABBABLE}\")].filter((e) =>"
            " (e.offsetParent || e.getClientRects().length) && !('reached' in e.dataset))"
            ".map((e) => e.outerHTML.slice(0, 120))")
        self.assertEqual(missed, [], f"{stops} stops")

    def test_keyboard_follows_a_box_of_the_picture_to_its_instruction(self):
        self.page("openat.txt")
        self.browser.run("document.querySelector('.flow a.node').focus()")
        self.browser.press("Enter")
        self.assertEqual(self.browser.run("return location.hash"), "#p0i0")

    def test_every_link_leads_somewhere(self):
        self.page("exec.txt", "openat.txt")
        self.assertEqual(self.browser.run(
            "return [...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))"
            ".filter((to) => to[0] !== '#' || !document.getElementById(to.slice(1)))"), [])
        self.assertEqual(self.browser.run(
            "const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);"
            "return ids.filter((id, i) => ids.indexOf(id) !== i)"), [])

    def test_nothing_is_loaded(self):
        path = self.page(EXAMPLES / "container.bpf")
        self.assertEqual(self.browser.run(
            "return performance.getEntriesByType('resource').map((e) => e.name)"), [])
        self.assertNotRegex(path.read_text(), r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:|//)""")

    def test_narrow_windows_scroll_in_one_direction(self):
        for target in ([EXAMPLES / "web-server.asm"], ["exec.txt", "openat.txt"]):
            for width in (320, 390, 800, 1600):
                self.browser.width(width)
                self.page(*target)
                self.fill(arch="x86_64", call="execve")
                with self.subTest(target=target, width=width):
                    self.assertLessEqual(self.browser.run(
                        "return document.documentElement.scrollWidth"), width)

    def test_paper_has_no_controls_and_all_rows(self):
        self.page(EXAMPLES / "container.bpf")
        self.browser.like(media="print")
        self.assertEqual(self.browser.run(
            "return [...document.querySelectorAll('button, input, select, nav')]"
            ".filter((e) => e.getClientRects().length).map((e) => e.outerHTML.slice(0, 80))"), [])
        self.assertEqual(self.browser.run(
            "return [...document.querySelectorAll('.rows, .listing, .picture')].filter((e) =>"
            " e.scrollHeight > e.clientHeight + 2).length"), 0)

    def test_names_stay_text(self):
        name = "<img src=x onerror=document.title=1>&\"'.txt"
        (self.folder / name).write_bytes((self.folder / "exec.txt").read_bytes())
        self.page(name)
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length"), 0)
        self.assertIn("<img src=x", self.text("h1"))
        self.assertNotEqual(self.browser.run("return document.title"), "1")

    def test_reads_without_scripts(self):
        self.browser.tell("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.tell, "Emulation.setScriptExecutionDisabled", value=False)
        path = self.page("openat.txt").read_text()
        for part in ("Policy", "Picture", "Listing", "This form needs JavaScript"):
            self.assertIn(part, path)

    def test_corpus(self):
        corpus = Path(os.environ.get("ASSAY_CORPUS") or "/nonexistent")
        for name in ("docker.bpf", "chromium-renderer.bpf", "bwrap.bpf", "stress-ng-9.bpf"):
            if (corpus / name).exists():
                with self.subTest(name=name):
                    self.check_evaluator([str(corpus / name)], random.Random(name), 200)


if __name__ == "__main__":
    outside.main()
