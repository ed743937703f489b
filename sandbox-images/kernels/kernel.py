"""An interpreter whose variables live from cell to cell: `kernel.py python|bash SOCKET`."""
import ast
import json
import os
import signal
import socket
import subprocess
import sys
import traceback

STOPPED = 130


def run_python(names):
    def run(code):
        try:
            tree = ast.parse(code, '<cell>')
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, '<cell>', 'exec'), names)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), '<cell>', 'eval'), names)
                if value is not None:
                    print(repr(value))
            return 0
        except SystemExit as end:
            if end.code is None or isinstance(end.code, int):
                return end.code or 0
            print(end.code, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print('stopped', file=sys.stderr)
            return STOPPED
        except BaseException:
            kind, error, trace = sys.exc_info()
            # The first frame is this file.
            traceback.print_exception(kind, error, trace.tb_next)
            return 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()

    return run


def run_bash(shell):
    """One bash reads commands from us and writes exit statuses to a pipe of its own."""

    def run(code):
        if shell.get('process') is None or shell['process'].poll() is not None:
            inside, outside = os.pipe()
            os.set_inheritable(outside, True)
            shell['process'] = subprocess.Popen(
                ['bash', '--noprofile', '--norc'], stdin=subprocess.PIPE, pass_fds=[outside],
                start_new_session=True)
            shell['status'], shell['fd'] = os.fdopen(inside, 'r'), outside
            os.close(outside)
        fd = shell['fd']
        path = f'/tmp/.holdfast-kernels/cell-{os.getpid()}.sh'
        with open(path, 'w', encoding='utf-8', errors='surrogateescape') as file:
            file.write(code + '\n')
        line = (f'{{ source {path} ; }} </dev/null >>/proc/{os.getpid()}/fd/1 '
                f'2>>/proc/{os.getpid()}/fd/2 {fd}>&-; echo $? >&{fd}\n')
        try:
            shell['process'].stdin.write(line.encode())
            shell['process'].stdin.flush()
            answer = shell['status'].readline()
            if answer == '':
                print('[the shell ended: variables are lost]', file=sys.stderr, flush=True)
                return shell['process'].wait()
            return int(answer)
        except KeyboardInterrupt:
            os.killpg(shell['process'].pid, signal.SIGKILL)
            shell['process'].wait()
            print('[stopped: variables are lost]', file=sys.stderr, flush=True)
            return STOPPED

    return run


def serve(run, path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)
    nothing = os.open('/dev/null', os.O_RDWR)
    while True:
        try:
            link, _ = server.accept()
        except KeyboardInterrupt:
            continue
        with link, link.makefile('rw', encoding='utf-8') as stream:
            try:
                cell = json.loads(stream.readline())
                for fd in (1, 2):
                    target = os.open(f"/proc/{cell['pid']}/fd/{fd}", os.O_WRONLY | os.O_APPEND)
                    os.dup2(target, fd)
                    os.close(target)
                stream.write(json.dumps({'kernel': os.getpid()}) + '\n')
                stream.flush()
                status = run(cell['code'])
                stream.write(json.dumps({'status': status}) + '\n')
                stream.flush()
            except (OSError, ValueError, KeyboardInterrupt):
                pass
            finally:
                os.dup2(nothing, 1)
                os.dup2(nothing, 2)


def main():
    language, path = sys.argv[-2], sys.argv[-1]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if language == 'bash':
        serve(run_bash({}), path)
    else:
        sys.argv = ['']
        serve(run_python({'__name__': '__main__', '__builtins__': __builtins__}), path)


main()
