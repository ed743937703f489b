"""Runs one cell of code in the session's interpreter: `cell.py LANGUAGE KERNEL_SOURCE < code`.

The interpreter (kernel) is started by the first cell and lives as long as the sandbox. It writes to
this process's standard output and error itself, and answers with an exit status.
"""
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time

FOLDER = '/tmp/.holdfast-kernels'
START_SECONDS = 20
STOP_SECONDS = 1.5


def connect(path):
    link = socket.socket(socket.AF_UNIX)
    try:
        link.connect(path)
        return link
    except OSError:
        link.close()
        return None


def start(language, source, path):
    """Double fork: the kernel belongs to no command, so that the end of this one does not end it."""
    env = {k: v for k, v in os.environ.items() if k != 'HOLDFAST_COMMAND'}
    argv = ['node', '--input-type=module', '-e', source] if language == 'javascript' else [
        sys.executable, '-c', source]
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen([*argv, language, path], env=env, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os._exit(0)
    os.wait()


def reach(language, source):
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    path = f'{FOLDER}/{language}.sock'
    with open(f'{FOLDER}/{language}.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        link = connect(path)
        if link is not None:
            return link
        if os.path.exists(path):
            os.unlink(path)
            print('[the interpreter had ended: variables are lost]', file=sys.stderr)
        start(language, source, path)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            link = connect(path)
            if link is not None:
                return link
            time.sleep(0.01)
    sys.exit(f'no interpreter for {language} in this sandbox')


def main():
    language, source = sys.argv[1], sys.argv[2]
    code = sys.stdin.read()
    link = reach(language, source)
    stream = link.makefile('rw', encoding='utf-8')
    kernel = None
    stopping = False

    def give_up(_signal, _frame):
        # A kernel that has not begun with this cell drops it once this process is gone.
        if kernel is not None:
            os.kill(kernel, signal.SIGKILL)
        os._exit(143)

    def stop(_signal, _frame):
        nonlocal stopping
        stopping = True
        # First the cell alone, so that variables survive; the whole interpreter if that fails.
        if kernel is not None:
            os.kill(kernel, signal.SIGINT)
        signal.signal(signal.SIGALRM, give_up)
        signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    stream.write(json.dumps({'pid': os.getpid(), 'cwd': os.getcwd(), 'code': code}) + '\n')
    stream.flush()
    # The kernel takes one cell after the other: it names itself when it begins with this one.
    for line in stream:
        told = json.loads(line)
        if 'kernel' in told:
            kernel = told['kernel']
            if stopping:
                os.kill(kernel, signal.SIGINT)
        else:
            sys.exit(told['status'])
    print('[the interpreter ended: variables are lost]', file=sys.stderr)
    sys.exit(1)


main()
