/** A stand-in for a Qdrant server, for tests and measurements on machines without one: install|start. */
import { spawn } from 'node:child_process';
import { DOUBLE_SERVER, prepareEngine } from './qdrant-double/engine.ts';

const [command = ''] = process.argv.slice(2);
if (command !== 'install' && command !== 'start') {
  process.stderr.write('Usage: node scripts/qdrant-double.ts install|start\n');
  process.exit(2);
}
const python = await prepareEngine(process.env);
process.stdout.write(`Qdrant's engine is in ${python}\n`);
if (command === 'start') {
  // It runs until it is interrupted, and says its port: QDRANT_URL=http://127.0.0.1:<port>.
  const server = spawn(python, ['-B', DOUBLE_SERVER], { stdio: 'inherit' });
  process.once('SIGTERM', () => server.kill('SIGTERM'));
  server.once('exit', (code) => (process.exitCode = code ?? 1));
}
