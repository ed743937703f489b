import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEMO_AGENTS, seedDemo, type DemoAgent } from '../../examples/index.ts';
import { describeUnless } from '../harness/not-run.ts';
import { dockerForTests } from '../harness/docker.ts';
import { isJsonObject, type JsonObject } from '../../contracts/json.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { watch } from '../harness/runs.ts';
import type { Run } from '../../contracts/records.ts';

const { reason, socketPath } = await dockerForTests(['python']);
const SALES = readFileSync('examples/csv-analysis/sales.csv', 'utf8');
const CSV_ANALYSIS = demoNamed('csv-analysis');

function demoNamed(wanted: string): DemoAgent {
  const found = DEMO_AGENTS.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`there is no demo ${wanted}`);
  return found;
}

/** Counted in cents, without Python. */
function figuresOf(csv: string) {
  const months = new Map<string, number>();
  const categories = new Map<string, number>();
  let total = 0;
  for (const line of csv.trim().split('\n').slice(1)) {
    const [week = '', category = '', , revenue = ''] = line.split(';');
    const cents = Number(revenue.replace('.', '').replace(',', ''));
    const month = week.split('.').slice(1).reverse().join('-');
    months.set(month, (months.get(month) ?? 0) + cents);
    categories.set(category, (categories.get(category) ?? 0) + cents);
    total += cents;
  }
  const money = (cents: number): string => (cents / 100).toFixed(2);
  const best = (sums: ReadonlyMap<string, number>) =>
    [...sums].reduce((a, b) => (b[1] > a[1] ? b : a));
  const [month, category] = [best(months), best(categories)];
  return {
    'total revenue': money(total),
    'best month': month[0],
    'revenue of best month': money(month[1]),
    'best category': category[0],
    'revenue of best category': money(category[1]),
  };
}

async function analyse(stack: Stack, input: JsonObject): Promise<Run> {
  await seedDemo(stack.client, [CSV_ANALYSIS]);
  return stack.client.runs.create({ agent: CSV_ANALYSIS.name, input });
}

describeUnless(reason, 'the demo csv-analysis', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ DOCKER_HOST: `unix://${socketPath}`, HOLDFAST_SANDBOX_WARM: '0' });
  }, 60_000);
  afterAll(() => stack.stop());

  test('mends its code after an error, and publishes a chart and a report with the right numbers', async () => {
    const { client } = stack;
    const { id } = await analyse(stack, { csv: SALES });
    const seen = await watch(client, id);
    const run = await client.runs.get(id);
    expect(run.error).toBeNull();

    expect(seen.text).toContain("ValueError: could not convert string to float: '5.952,81'");
    const expected = figuresOf(SALES);
    expect(seen.text).toContain(`208 rows, ${Number(expected['total revenue'])} in total`);
    const output = isJsonObject(run.output) ? run.output : {};
    expect(output['figures']).toEqual(
      Object.entries(expected).map(([name, value]) => ({ name, value })),
    );
    for (const value of Object.values(expected)) expect(output['summary']).toContain(value);

    const { items: artifacts } = await client.artifacts.list(id).page();
    expect(artifacts.map(({ name, mediaType }) => [name, mediaType]).sort()).toEqual([
      ['chart.png', 'image/png'],
      ['report.md', 'text/markdown'],
    ]);
    const chart = artifacts.find(({ name }) => name === 'chart.png');
    const answer = await fetch(`${stack.url}/v1/artifacts/${chart?.id ?? ''}/content`, {
      headers: { authorization: `Bearer ${stack.apiKey}` },
    });
    expect(answer.headers.get('content-type')).toBe('image/png');
    const png = Buffer.from(await answer.arrayBuffer());
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    // Width and height in the header: 9 by 5 inches of 110 dots.
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([990, 550]);
    const report = Buffer.from(await client.files.read(id, 'report.md')).toString();
    expect(report).toContain(`Total: ${expected['total revenue']} EUR`);

    const { items: commands } = await client.audit.commands(id).page();
    expect(commands.map(({ exitCode }) => exitCode).sort()).toEqual([0, 0, 0, 1]);
    expect(await client.audit.verify(id)).toMatchObject({ valid: true });
  }, 60_000);

  test('says what is wrong with a table that it cannot read', async () => {
    const { id } = await analyse(stack, { csv: 'week;category\n06.01.2025;bikes\n' });
    const run = await stack.client.runs.wait(id);
    expect(run.output).toEqual({
      summary: "The table could not be analysed: KeyError: 'revenue'",
      figures: [],
    });
  }, 60_000);
});

test('where no Docker answers, a run fails and says what to do', async () => {
  const stack = await startStack({ DOCKER_HOST: 'unix:///nonexistent/docker.sock' });
  try {
    const { id } = await analyse(stack, { csv: SALES });
    const { error } = await stack.client.runs.wait(id);
    expect(error?.code).toBe('sandbox.unavailable');
    expect(error?.message).toMatch(/^The Docker daemon cannot be reached.*run npm run doctor\.$/);
  } finally {
    await stack.stop();
  }
}, 60_000);
