import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEMO_INPUTS } from '../../examples/index.ts';
import { ORDER_REVIEW } from '../../examples/order-review/agent.ts';
import { SAMPLE_ORDER } from '../../examples/order-review/input.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { startDemoHarness, type Answer, type DemoHarness } from './demo-harness.ts';

let harness: DemoHarness;

beforeAll(async () => {
  harness = await startDemoHarness({ inputsRoot: DEMO_INPUTS, httpAllowHosts: [] });
});

afterAll(() => harness.stop());

async function review(change: JsonObject, answer?: Answer, approvalLimit = 1_000) {
  const input = { order: { ...SAMPLE_ORDER, ...change }, approvalLimit };
  const decide = answer === undefined ? undefined : () => answer;
  const played = await harness.play(ORDER_REVIEW, input, decide);
  expect(played.run.error).toBeNull();
  const visits = (node: string): number =>
    new Set(played.ran.filter((stepId) => stepId.startsWith(`${node}:`))).size;
  return { ...played, output: played.run.output, visits };
}

test('haggles until the margin holds, and asks a person about a large order', async () => {
  const { output, visits, asked } = await review({}, { kind: 'approve' });
  // 20 * 32 + 8 * 95 = 1400; at 17.5 % off, 1155 leaves more than a quarter over costs of 856.
  expect(output).toMatchObject({
    decision: 'accepted',
    total: 1155,
    discountPercent: 17.5,
    rounds: 2,
    fraudScore: 0,
    missing: [],
    approvedBy: expect.stringMatching(/^key_/),
  });
  expect(visits('negotiate')).toBe(2);
  expect(asked[0]?.title).toBe('Accept order A-1042 over 1155 EUR?');
});

test('a rejected order is refused with the reason of the person', async () => {
  const { output } = await review({}, { kind: 'reject', reason: 'they never pay' });
  expect(output).toMatchObject({ decision: 'refused', reason: 'they never pay' });
});

test('a small order needs nobody', async () => {
  const { output, asked } = await review({}, undefined, 2_000);
  expect(output).toMatchObject({ decision: 'accepted', approvedBy: null, total: 1155 });
  expect(asked).toEqual([]);
});

test('an agreed discount that leaves enough needs one round', async () => {
  const { output, visits } = await review({ discountPercent: 5 }, undefined, 2_000);
  expect(output).toMatchObject({ total: 1330, discountPercent: 5, rounds: 1 });
  expect(visits('negotiate')).toBe(1);
});

test('gives no discount at all when four rounds are not enough', async () => {
  const { output, visits } = await review({ discountPercent: 60 }, undefined, 2_000);
  expect(output).toMatchObject({ total: 1400, discountPercent: 0, rounds: 4 });
  expect(visits('negotiate')).toBe(4);
  expect(visits('refuse_discount')).toBe(1);
});

test('an order beyond the stock waits for goods', async () => {
  const items = [
    { sku: 'SHELF-11', quantity: 1, unitPrice: 60 },
    { sku: 'LAMP-01', quantity: 1, unitPrice: 32 },
    { sku: 'NO-SUCH', quantity: 1, unitPrice: 1 },
  ];
  const { output, visits } = await review({ items });
  expect(output).toMatchObject({ decision: 'backordered', missing: ['SHELF-11', 'NO-SUCH'] });
  expect(visits('negotiate')).toBe(0);
});

test('an order that looks like fraud is refused, whatever it is worth', async () => {
  const { output } = await review({
    shipTo: 'BR',
    customer: { name: 'x', country: 'DE', ordersBefore: 0 },
    items: [{ sku: 'MAT-03', quantity: 60, unitPrice: 9 }],
  });
  expect(output).toMatchObject({ decision: 'refused', reason: 'fraud score', fraudScore: 85 });
});

test('the three checks stand beside each other and are joined once', async () => {
  const { events, visits } = await review({}, undefined, 2_000);
  const started = events.flatMap(({ type, data }) =>
    type === 'step.completed' ? [data['nodeId']] : [],
  );
  const gather = started.indexOf('gather');
  for (const check of ['check_stock', 'sum_prices', 'sum_costs', 'score_fraud']) {
    expect(started.indexOf(check)).toBeGreaterThan(-1);
    expect(started.indexOf(check)).toBeLessThan(gather);
  }
  expect(visits('gather')).toBe(1);
});
