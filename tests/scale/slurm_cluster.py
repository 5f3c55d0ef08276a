"""A Slurm of our own for as long as a test lasts: a controller and two nodes on this machine."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "sinfo")

CONF = """ClusterName=assay
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
MpiDefault=none
SwitchType=switch/none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1
PartitionName=all Nodes=n1,n2 Default=YES State=UP MaxTime=INFINITE
"""


def lacking():
    """Why there can be no cluster here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    absent = [name for name in NEEDED if shutil.which(name, path=path) is None]
    return f"not installed: {' '.join(absent)} (slurm-wlm, munge)" if absent else None


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class NoCgroups(Exception):
    """A node does not start on this machine; the text is its own last word on cgroups."""


class Cluster(contextlib.AbstractContextManager):
    def __enter__(self):
        self.stack = contextlib.ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-slurm-"))
        self.folder = Path(folder)
        self.stack.callback(self.end_steps)
        os.chmod(folder, 0o755)  # munged wants to be sure who owns its socket
        self.env = {**os.environ, "SLURM_CONF": f"{folder}/slurm.conf",
                    "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        with contextlib.ExitStack() as until_ready:
            until_ready.push(self.stack)
            self.start_all()
            until_ready.pop_all()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.TimeoutExpired, TimeoutError):
            jobs = self.run("squeue", "-h", "-o", "%i").split()
            if jobs:
                self.run("scancel", *jobs)
                self.wait(lambda: not self.run("squeue", "-h"), "the jobs' end", 20)
        self.stack.close()

    def start(self, *command):
        log = self.stack.enter_context(open(self.folder / f"{command[0]}.out", "ab"))
        process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log)
        self.stack.callback(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_steps(self):
        """Those of a job that was not over: they outlive the daemons, with their logs open."""
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            pid = int(link.parts[2])
            with contextlib.suppress(OSError):
                if pid != os.getpid() and os.readlink(link).startswith(f"{self.folder}/"):
                    os.kill(pid, signal.SIGKILL)

    def start_all(self):
        host = socket.gethostname().split(".")[0]
        ports = free_ports(3)
        conf = CONF.format(host=host, ports=ports, folder=self.folder)
        (self.folder / "slurm.conf").write_text(conf)
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        (self.folder / "state").mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        names = {"key-file": "munge.key", "socket": "munge.sock", "pid-file": "munge.pid",
                 "log-file": "munge.log", "seed-file": "munge.seed"}
        self.start("munged", "--foreground", "--force",
                   *(f"--{option}={self.folder}/{name}" for option, name in names.items()))
        self.wait(lambda: (self.folder / "munge.sock").exists(), "munged")
        self.start("slurmctld", "-D", "-c")
        nodes = [self.start("slurmd", "-D", "-N", node) for node in ("n1", "n2")]

        def ready():
            if any(node.poll() is not None for node in nodes):
                raise self.no_node()
            return self.run("sinfo", "-h", "-N", "-o", "%N %T").count("idle") == 2
        self.wait(ready, "nodes")

    def no_node(self):
        """Why slurmd has ended."""
        text = "".join((self.folder / name).read_text(errors="replace")
                       for name in ("n1.log", "n2.log", "slurmd.out")
                       if (self.folder / name).exists())
        told = re.findall(r"error: (.*cgroup.*)", text)
        return NoCgroups(told[-1]) if told else RuntimeError(f"slurmd has ended\n{text[-4000:]}")

    def run(self, *command):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60,
                              check=False)
        return done.stdout

    def wait(self, ready, what, limit=120):
        end = time.monotonic() + limit
        while not ready():
            if time.monotonic() > end:
                logs = "".join(path.read_text(errors="replace")[-2000:]
                               for path in self.folder.glob("*.log"))
                raise TimeoutError(f"{what}: nothing within {limit} s\n{logs}")
            time.sleep(0.1)

    def submit(self, *arguments):
        return self.run("sbatch", "--parsable", "-o", "/dev/null", *map(str, arguments)).strip()

    def state(self, job):
        """Of each task that the controller still knows: number -> state."""
        rows = self.run("squeue", "-h", "-r", "-t", "all", "-j", job, "-o", "%K %T").split("\n")
        return {int(number): state for number, state in
                (row.split() for row in rows if row and row.split()[0].isdigit())}
