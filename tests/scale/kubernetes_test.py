#!/usr/bin/python3
"""Every key of examples/kubernetes is one that the API's models know, with a value of its kind,
and every option of a command in them is one that assay has."""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import yaml
    from kubernetes import client
except ImportError as lacking:
    print(f"skipped: {lacking} (python3-kubernetes, python3-yaml)")
    sys.exit(77)

FOLDER = Path(__file__).resolve().parent.parent.parent / "examples/kubernetes"
PLAIN = {"str": str, "int": int, "bool": bool, "object": object}


def fault(value, kind, where):
    """What is wrong with a value of a model's kind, or None."""
    if found := re.fullmatch(r"list\[(.*)\]", kind):
        if not isinstance(value, list):
            return f"{where}: expected a list"
        rows = (fault(row, found[1], f"{where}[{i}]") for i, row in enumerate(value))
        return next(filter(None, rows), None)
    if found := re.fullmatch(r"dict\(str, (.*)\)", kind):
        if not isinstance(value, dict):
            return f"{where}: expected a mapping"
        rows = (fault(row, found[1], f"{where}.{key}") for key, row in value.items())
        return next(filter(None, rows), None)
    if kind in PLAIN:
        return None if isinstance(value, PLAIN[kind]) else f"{where}: expected {kind}"
    model = getattr(client, kind)
    known = {name: model.openapi_types[field] for field, name in model.attribute_map.items()}
    if not isinstance(value, dict):
        return f"{where}: expected {kind}"
    if unknown := set(value) - set(known):
        return f"{where}: {kind} has no {sorted(unknown)}"
    rows = (fault(row, known[key], f"{where}.{key}") for key, row in value.items())
    return next(filter(None, rows), None)


def containers(document):
    return document["spec"]["template"]["spec"]["containers"]


class Kubernetes(unittest.TestCase):
    def documents(self):
        files = sorted(FOLDER.glob("*.yaml"))
        self.assertGreaterEqual(len(files), 2)
        for path in files:
            for document in yaml.safe_load_all(path.read_text()):
                yield path.name, document

    def test_every_key_is_known(self):
        for name, document in self.documents():
            kind = {"Job": "V1Job", "DaemonSet": "V1DaemonSet"}[document["kind"]]
            self.assertIsNone(fault(document, kind, name))

    def test_the_check_notices_a_wrong_key(self):
        _, document = next(self.documents())
        containers(document)[0]["securitycontext"] = {}
        self.assertIn("securitycontext", fault(document, "V1Job", "x") or "")

    def test_every_option_exists(self):
        for name, document in self.documents():
            for container in containers(document):
                text = " ".join(container["command"])
                for command, options in re.findall(r"assay ([a-z-]+)((?: (?!&&|assay)\S+)*)", text):
                    told = subprocess.run([os.environ["ASSAY"], command, "--help"],
                                          capture_output=True, text=True, check=True).stdout
                    for option in re.findall(r"--[a-z-]+", options):
                        self.assertIn(option, told, f"{name}: assay {command}")

    def test_a_disagreement_is_not_tried_again(self):
        """The campaign's line, with a command that ends with each status."""
        document = yaml.safe_load((FOLDER / "campaign.yaml").read_text())
        command = containers(document)[0]["command"]
        with tempfile.TemporaryDirectory() as folder:
            stub = Path(folder, "assay")
            stub.write_text('#!/bin/sh\nexit "$STATUS"\n')
            stub.chmod(0o755)
            ended = {status: subprocess.run(command, check=False, env={
                "PATH": f"{folder}:/usr/bin:/bin", "STATUS": str(status),
                "JOB_COMPLETION_INDEX": "0"}).returncode for status in (0, 1, 3, 4, 137)}
        self.assertEqual([status for status, end in ended.items() if end == 0], [0, 1])

    def test_results_are_named_by_node(self):
        document = yaml.safe_load((FOLDER / "fleet-audit.yaml").read_text())
        container = containers(document)[0]
        self.assertIn("/results/node.$NODE_NAME.json", container["command"][-1])
        told = {row["name"]: row["valueFrom"] for row in container["env"]}
        self.assertEqual(told, {"NODE_NAME": {"fieldRef": {"fieldPath": "spec.nodeName"}}})


program = unittest.main(module="__main__", exit=False)
sys.exit(0 if program.result.wasSuccessful() and program.result.testsRun else 1)
