/** `npm run bench -- NAME [options]` runs bench/NAME.ts. */
const BENCHES = ['steps', 'journal', 'sandbox', 'memory', 'ingestion', 'forgetting'];

const [, , name = ''] = process.argv;
if (!BENCHES.includes(name)) {
  throw new Error(`name a benchmark: ${BENCHES.join(' or ')}`);
}
process.argv.splice(2, 1);
await import(`./${name}.ts`);
