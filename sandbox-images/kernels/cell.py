"""Runs one cell of code in the session's interpreter: `cell.py LANGUAGE < code`.

The interpreter (kernel) is a command of its own, `cell.py LANGUAGE KERNEL_SOURCE`, that lives as long
as the sandbox. It writes to the cell's standard output and error itself, and answers with an exit
status.
"""
import json
import os
import shutil
import signal
import socket
import sys
import time

FOLDER = '/tmp/.holdfast-kernels'
PROGRAMS = {'javascript': ['node', '--input-type=module', '-e']}
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


def serve(language, source):
    """Becomes the interpreter, in the place of one that has ended."""
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    path = f'{FOLDER}/{language}.sock'
    if os.path.exists(path):
        os.unlink(path)
        with open(f'{FOLDER}/{language}.lost', 'w', encoding='utf-8'):
            pass
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    program = [*PROGRAMS.get(language, [sys.executable, '-c']), source, language, path]
    os.execvp(program[0], program)


def reach(language):
    """Waits for the interpreter, which may be starting at this moment."""
    needed = PROGRAMS.get(language, ['python3'])[0]
    if shutil.which(needed) is None:
        sys.exit(f'this sandbox has no {needed}')
    path = f'{FOLDER}/{language}.sock'
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        link = connect(path)
        if link is None:
            time.sleep(0.005)
            continue
        try:
            os.unlink(f'{FOLDER}/{language}.lost')
            print('[the interpreter had ended: variables are lost]', file=sys.stderr, flush=True)
        except FileNotFoundError:
            pass
        return link
    sys.exit(f'no interpreter for {language} in this sandbox')


def main():
    language = sys.argv[1]
    if len(sys.argv) > 2:
        serve(language, sys.argv[2])
    code = sys.stdin.read()
    link = reach(language)
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
