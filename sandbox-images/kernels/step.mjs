// Runs the code of one step; see step.py. The last argument names the file that holds the code.
import { createRequire } from 'node:module';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, Script } from 'node:vm';

const { HOLDFAST_INPUT, HOLDFAST_OUTPUT } = process.env;

globalThis.input = JSON.parse(readFileSync(HOLDFAST_INPUT, 'utf8'));
globalThis.require = createRequire(`${process.cwd()}/code.js`);

function compile(code) {
  const options = {
    filename: 'code.js',
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  };
  try {
    return new Script(code, options);
  } catch (error) {
    if (!(error instanceof SyntaxError) || !/\bawait\b|\breturn\b/.test(code)) throw error;
    return new Script(`(async () => {\n${code}\n})()`, { ...options, lineOffset: -1 });
  }
}

function keep(value) {
  if (value === undefined || value === null || existsSync(HOLDFAST_OUTPUT)) return;
  try {
    const text = JSON.stringify(value);
    if (text !== undefined) writeFileSync(HOLDFAST_OUTPUT, text);
  } catch {
    // No JSON: it counts for nothing.
  }
}

try {
  keep(await compile(readFileSync(process.argv.at(-1), 'utf8')).runInThisContext());
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
