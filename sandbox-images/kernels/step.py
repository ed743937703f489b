"""Runs the code of one step in a process of its own: `step.py LANGUAGE VALUE_PATH NODE_SOURCE`.

`{"code", "input"}` comes on standard input. The code finds its input in the file that HOLDFAST_INPUT
names and may write JSON to the one that HOLDFAST_OUTPUT names; in Python and JavaScript `input` is a
variable, and the value of a last expression counts where nothing was written. What the code hands
over is left at VALUE_PATH.
"""
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

MAX_BYTES = 32 * 1024 * 1024


def run_python(code, given):
    names = {'__name__': '__main__', '__builtins__': __builtins__, 'input': given}
    sys.argv = ['']
    try:
        tree = ast.parse(code, '<code>')
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, '<code>', 'exec'), names)
        value = None
        if last is not None:
            value = eval(compile(ast.Expression(last.value), '<code>', 'eval'), names)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        kind, error, trace = sys.exc_info()
        # The first frame is this file.
        traceback.print_exception(kind, error, trace.tb_next)
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    if value is not None and not os.path.exists(os.environ['HOLDFAST_OUTPUT']):
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return 0
        with open(os.environ['HOLDFAST_OUTPUT'], 'w', encoding='utf-8') as file:
            file.write(text)
    return 0


def run_program(argv, folder, code):
    path = os.path.join(folder, 'code')
    with open(path, 'w', encoding='utf-8', errors='surrogateescape') as file:
        file.write(code)
    status = subprocess.run([*argv, path], stdin=subprocess.DEVNULL, check=False).returncode
    return status if status >= 0 else 128 - status


def hand_over(source, target):
    """Copied, not moved: they may lie in different file systems."""
    if not os.path.exists(source):
        return 0
    if os.path.getsize(source) > MAX_BYTES:
        print('the value is larger than 32 MiB; hand it over as a file', file=sys.stderr)
        return 1
    try:
        with open(source, encoding='utf-8') as file:
            json.load(file)
    except ValueError as error:
        print(f'the file that HOLDFAST_OUTPUT names holds no JSON: {error}', file=sys.stderr)
        return 1
    shutil.copyfile(source, target)
    return 0


def main():
    language, target, node_source = sys.argv[1:4]
    target = os.path.abspath(target)
    given = json.load(sys.stdin.buffer)
    with tempfile.TemporaryDirectory(prefix='holdfast-') as folder:
        os.environ['HOLDFAST_INPUT'] = os.path.join(folder, 'input.json')
        os.environ['HOLDFAST_OUTPUT'] = os.path.join(folder, 'output.json')
        with open(os.environ['HOLDFAST_INPUT'], 'w', encoding='utf-8') as file:
            json.dump(given['input'], file)
        output = os.environ['HOLDFAST_OUTPUT']
        if language == 'python':
            status = run_python(given['code'], given['input'])
        elif language == 'javascript':
            argv = ['node', '--input-type=module', '-e', node_source]
            status = run_program(argv, folder, given['code'])
        else:
            status = run_program(['bash', '--noprofile', '--norc'], folder, given['code'])
        status = status or hand_over(output, target)
    sys.exit(status)


main()
