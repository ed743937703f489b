import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_INPUTS } from '../../examples/index.ts';
import { TICKET_TRIAGE } from '../../examples/ticket-triage/agent.ts';
import { startDemoHarness, type DemoHarness, type Played } from './demo-harness.ts';

const EXPECTED = {
  '01-charged-twice.txt': ['billing', 'normal'],
  '02-export-fails.txt': ['bug', 'normal'],
  '03-strange-sign-in.txt': ['security', 'high'],
  '04-site-down.txt': ['outage', 'high'],
  '05-dark-mode.txt': ['feature', 'low'],
  '06-locked-out.txt': ['access', 'high'],
  '07-cancel.txt': ['cancellation', 'normal'],
  '08-wrong-vat.txt': ['bug', 'normal'],
  '09-how-to-invite.txt': ['question', 'normal'],
  '10-invoice-address.txt': ['billing', 'low'],
};
const { sampleInput } = TICKET_TRIAGE;

interface Report {
  readonly report: string;
  readonly decision: string;
  readonly approvedBy: string;
  readonly versions: number;
  readonly urgentShare: number;
  readonly tickets: readonly {
    readonly file: string;
    readonly category: string;
    readonly urgency: string;
    readonly summary: string;
  }[];
}

let harness: DemoHarness;
let inputsRoot = '';

beforeAll(async () => {
  inputsRoot = await mkdtemp(join(tmpdir(), 'triage-'));
  await cp(join(DEMO_INPUTS, 'ticket-triage'), join(inputsRoot, 'ticket-triage'), {
    recursive: true,
  });
  harness = await startDemoHarness({ inputsRoot, httpAllowHosts: [] });
});

afterAll(async () => {
  await harness.stop();
  await rm(inputsRoot, { recursive: true, force: true });
});

function reportOf({ run }: Played): Report {
  expect(run.error).toBeNull();
  expect(run.status).toBe('succeeded');
  return run.output as unknown as Report;
}

test('judges every ticket by what it says and publishes the approved report', async () => {
  const played = await harness.play(TICKET_TRIAGE, sampleInput, () => ({ kind: 'approve' }));
  const { report, tickets, urgentShare, versions, decision } = reportOf(played);
  const judged = Object.fromEntries(
    tickets.map(({ file, category, urgency }) => [file, [category, urgency]]),
  );
  expect(judged).toEqual(EXPECTED);
  expect(tickets[0]?.summary).toBe('Charged twice for October');
  expect(urgentShare).toBe(30);
  expect(versions).toBe(1);
  expect(decision).toBe('approve');
  const lines = report.split('\n').filter((line) => line.startsWith('- '));
  expect(lines).toHaveLength(10);
  expect(lines.slice(0, 3).every((line) => line.startsWith('- **high**'))).toBe(true);
  expect(report).toContain('10 tickets, 30 % of them urgent');
  expect(played.asked[0]).toMatchObject({
    subject: report,
    allowed: ['approve', 'edit', 'reject'],
  });
});

test('calls the calculator and the clock in one turn, as two steps', async () => {
  const { events, run } = await harness.play(TICKET_TRIAGE, sampleInput, () => ({
    kind: 'approve',
  }));
  const tools = events.flatMap(({ type, data }) =>
    type === 'step.started' && typeof data['tool'] === 'string' ? [data['tool']] : [],
  );
  expect(tools[0]).toBe('read_folder');
  expect([...tools.slice(1)].sort()).toEqual(['calculator', 'current_time']);
  expect(run.usage).toMatchObject({ modelCalls: 4, toolCalls: 3 });
});

test('another ticket in the folder changes the report', async () => {
  const file = join(inputsRoot, 'ticket-triage', 'tickets', '11-phishing.txt');
  await writeFile(file, 'Subject: Odd mail\n\nWe got a phishing mail in your name.\n');
  try {
    const played = await harness.play(TICKET_TRIAGE, sampleInput, () => ({ kind: 'approve' }));
    const { report, tickets, urgentShare } = reportOf(played);
    expect(tickets).toHaveLength(11);
    expect(tickets.at(-1)).toEqual({
      file: '11-phishing.txt',
      category: 'security',
      urgency: 'high',
      summary: 'Odd mail',
    });
    expect(urgentShare).toBe(36.4);
    expect(report).toContain('- **high** security: Odd mail (11-phishing.txt)');
  } finally {
    await rm(file);
  }
});

test('a rejection loops back with its reason, and the next version follows it', async () => {
  const played = await harness.play(TICKET_TRIAGE, sampleInput, (_task, asked) =>
    asked === 1 ? { kind: 'reject', reason: 'Put billing first' } : { kind: 'approve' },
  );
  const { report, versions } = reportOf(played);
  expect(versions).toBe(2);
  expect(played.asked.map(({ title }) => title)).toEqual([
    'Approve version 1 of the triage report',
    'Approve version 2 of the triage report',
  ]);
  expect(report).toContain('# Support triage, version 2');
  expect(report).toContain('Changed as asked: Put billing first');
  expect(report.split('\n').find((line) => line.startsWith('- '))).toContain('billing');
});

test('an edit is what is published', async () => {
  const played = await harness.play(TICKET_TRIAGE, sampleInput, () => ({
    kind: 'edit',
    value: 'All is well.',
  }));
  expect(reportOf(played)).toMatchObject({ report: 'All is well.', decision: 'edit', versions: 1 });
});

test('rejecting for ever ends at the budget', async () => {
  const { run, asked } = await harness.play(TICKET_TRIAGE, sampleInput, () => ({
    kind: 'reject',
    reason: 'again',
  }));
  expect(run.status).toBe('failed');
  expect(run.error).toMatchObject({ code: 'budget.exceeded' });
  expect(asked).toHaveLength(5);
});
