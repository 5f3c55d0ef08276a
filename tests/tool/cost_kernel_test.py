#!/usr/bin/python3
"""assay cost --measure from outside: each number has an interval or a reason, and what ran is said."""
import json
import xml.etree.ElementTree

import outside

SVG = "{http://www.w3.org/2000/svg}svg"


class Measure(outside.InFolder):
    def test_measures(self):
        done = outside.run("cost", "openat.txt", "--measure", "--rounds", "7", "--call", "getppid",
                           "--call", "write", "--plot-depth", "depth.svg", "--format", "json",
                           cwd=self.folder)
        if done.returncode == 4:
            self.skipTest(done.stderr.decode().strip())
        measured = json.loads(self.check(done))["measured"]
        getppid, write = measured["calls"]
        self.assertEqual((getppid["nr"], write["nr"]), (110, 1))
        self.assertFalse(getppid["as_is"]["rewritten"])
        self.assertTrue(write["as_is"]["rewritten"])
        self.assertIs(write["bitmap_hit"], False)
        for one in [call["as_is"] for call in measured["calls"]]:
            self.assertEqual(one["ns"] is None, one["not_timed"] is not None)
        self.assertEqual([one["filters"] for one in measured["depths"]], [1, 2, 4, 8, 16, 32])
        root = xml.etree.ElementTree.parse(self.folder / "depth.svg").getroot()
        self.assertEqual(root.tag, SVG)


if __name__ == "__main__":
    outside.main()
