#!/usr/bin/python3
"""assay cost from outside: its bounds are those of `run`, its advice is proven again by `diff`, and its
plots are SVG."""
import json
import xml.etree.ElementTree

import outside

SVG = "{http://www.w3.org/2000/svg}svg"


class Cost(outside.InFolder):
    def row(self, *arguments, status=0):
        done = outside.run("cost", *arguments, "--format", "json", cwd=self.folder)
        return json.loads(self.check(done, status))

    def long_list(self):
        tests = "".join(f"jeq #{nr}, errno\n" for nr in range(200))
        (self.folder / "list.txt").write_text(
            f"ld [nr]\n{tests}ret #ALLOW\nerrno: ret #ERRNO(1)\n")
        return "list.txt"

    def recording(self, *counts):
        lines = [json.dumps({"arch": "x86_64", "syscall": name}) for name, count in counts for _ in range(count)]
        (self.folder / "trace").write_text("\n".join(lines) + "\n")
        return "trace"

    def test_bounds_are_those_of_run(self):
        for names in (["openat.txt"], ["exec.txt", "odd.txt", "openat.txt"]):
            row = self.row("--stack", *names)
            records = [row["best"]["witness"], row["worst"]["witness"]]
            records += [one["witness"] for one in row["syscalls"]]
            (self.folder / "records").write_text("".join(json.dumps(one) + "\n" for one in records))
            done = outside.run("run", *names, *(["--stack"] if len(names) > 1 else []), "--records",
                               "records", "--format", "json", cwd=self.folder)
            insns = [json.loads(line)["insns"] for line in self.check(done).splitlines()]
            told = [row["best"]["insns"], row["worst"]["insns"]]
            # Calls that bypass every filter run none.
            for told_one, ran in zip(told + [one["worst"] for one in row["syscalls"]], insns):
                self.assertIn(ran, (told_one, 0))

    def test_advice_is_written_and_equal(self):
        name = self.long_list()
        trace = self.recording(("read", 3), ("getppid", 50), ("futex", 10), ("openat", 5))
        row = self.row(name, "--trace", trace, "--advice", "--write", "better.bpf")
        best = row["advice"][0]
        self.assertLess(best["executed"]["most"], row["before"]["most"] / 10)
        self.check(outside.run("diff", "--exact", name, "better.bpf", cwd=self.folder))
        better = self.row("better.bpf", "--trace", trace)
        self.assertEqual(better["trace"]["executed"], best["executed"])
        self.assertEqual(better["worst"]["insns"], best["worst"])
        self.assertEqual(better["chain_length"], best["chain_length"])

    def test_nothing_cheaper_is_no_file(self):
        done = outside.run("cost", "allow.txt", "--write", "better.bpf", cwd=self.folder)
        self.check(done, 1, "nothing cheaper")
        self.assertFalse((self.folder / "better.bpf").exists())

    def test_plots_are_svg(self):
        self.check(outside.run("cost", self.long_list(), "--advice", "--plot-calls", "calls.svg",
                               cwd=self.folder))
        root = xml.etree.ElementTree.parse(self.folder / "calls.svg").getroot()
        self.assertEqual(root.tag, SVG)
        self.assertIn("after the cheapest change", "".join(root.itertext()))

    def test_words(self):
        text = self.check(outside.run("cost", "openat.txt", cwd=self.folder)).decode()
        for words in ("instructions executed per call", "in the bitmap", "reads args[2]",
                      "openat", "room for 1559 more of it"):
            self.assertIn(words, text)
        trace = self.recording(("openat", 3), ("read", 1))
        text = self.check(outside.run("cost", "openat.txt", "--trace", trace,
                                      cwd=self.folder)).decode()
        self.assertRegex(text, r"4 recorded calls, 25\.0 % in the bitmap")
        self.assertRegex(text, r"x86_64 +openat +3 +75\.0 %")

    def test_wrong_usage(self):
        for arguments, sentence in ((["exec.txt", "odd.txt"], "need --stack"),
                                    (["exec.txt", "--call", "read"], "needs --measure"),
                                    (["exec.txt", "--plot-depth", "x"], "needs --measure"),
                                    (["exec.txt", "--trace", "exec.txt", "--trace-format", "x"],
                                     "trace-format")):
            self.check(outside.run("cost", *arguments, cwd=self.folder), 2, sentence)
        self.check(outside.run("cost", "exec.txt", "--trace", "none", cwd=self.folder), 3, "none")


if __name__ == "__main__":
    outside.main()
