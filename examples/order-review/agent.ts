import type { FullSpec } from '../../contracts/agent-spec.ts';
import type { DemoAgent } from '../demo-agent.ts';
import { ORDER_INPUT, SAMPLE_ORDER } from './input.ts';

/** Of the price after the discount. */
const LEAST_MARGIN = 0.25;
/** Points that the discount shrinks by in each round. */
const DISCOUNT_STEP = 2.5;
const MAX_ROUNDS = 4;
const FRAUD_LIMIT = 70;

const STOCK_ROWS = `state.warehouse.filter(f, f.name == "stock.csv")[0].text.split("\\n")
  .map(l, l.trim().split(",")).filter(c, size(c) == 3 && c[0] != "sku")
  .map(c, {"sku": c[0], "onHand": int(c[1]), "unitCost": double(c[2])})`;
const MISSING = `input.order.items
  .filter(i, !state.stock.exists(s, s.sku == i.sku && s.onHand >= i.quantity)).map(i, i.sku)`;
const NET_SUM =
  'input.order.items.map(i, string(i.quantity) + " * " + string(i.unitPrice)).join(" + ")';
const COST_SUM = `(["0"] + input.order.items.filter(i, state.stock.exists(s, s.sku == i.sku))
  .map(i, string(i.quantity) + " * " + string(state.stock.filter(s, s.sku == i.sku)[0].unitCost)))
  .join(" + ")`;
const FRAUD_SCORE = `(input.order.shipTo != input.order.customer.country ? 40 : 0)
  + (input.order.customer.ordersBefore == 0 ? 25 : 0)
  + (input.order.items.exists(i, i.quantity >= 50) ? 20 : 0)`;

const PRICE = 'state.net * (100 - state.offer) / 100';
const MARGIN_HOLDS = `state.offer <= 0 || ${PRICE} - state.cost >= ${LEAST_MARGIN} * ${PRICE}`;

const FACTS = `"orderId": input.order.id, "fraudScore": state.fraud, "missing": state.missing`;
const DEAL = `"total": state.total, "discountPercent": state.offer, "rounds": state.rounds`;

const spec: FullSpec = {
  input: ORDER_INPUT,
  budgets: { maxSteps: 40, maxToolCalls: 10 },
  graph: {
    start: 'read_warehouse',
    channels: {
      warehouse: { reducer: 'replace' },
      stock: { reducer: 'replace', default: [] },
      missing: { reducer: 'replace', default: [] },
      net: { reducer: 'replace' },
      cost: { reducer: 'replace' },
      fraud: { reducer: 'replace' },
      offer: { reducer: 'replace' },
      rounds: { reducer: 'replace', default: 0 },
      total: { reducer: 'replace' },
      approval: { reducer: 'replace' },
    },
    nodes: [
      {
        id: 'read_warehouse',
        type: 'tool',
        config: {
          tool: 'read_folder',
          arguments: { folder: 'order-review/warehouse' },
          save: 'warehouse',
        },
      },
      { id: 'parse_stock', type: 'set', config: { values: { stock: STOCK_ROWS } } },
      { id: 'check_stock', type: 'set', config: { values: { missing: MISSING } } },
      {
        id: 'sum_prices',
        type: 'tool',
        config: {
          tool: 'calculator',
          arguments: { expression: `{{ ${NET_SUM} }}` },
          save: 'net',
        },
      },
      {
        id: 'sum_costs',
        type: 'tool',
        config: {
          tool: 'calculator',
          arguments: { expression: `{{ ${COST_SUM} }}` },
          save: 'cost',
        },
      },
      { id: 'score_fraud', type: 'set', config: { values: { fraud: FRAUD_SCORE } } },
      {
        id: 'gather',
        type: 'set',
        join: { mode: 'all' },
        config: { values: { offer: 'double(input.order.discountPercent)' } },
      },
      {
        id: 'negotiate',
        type: 'set',
        config: {
          values: {
            offer: `visit == 1 ? state.offer : state.offer - ${DISCOUNT_STEP}`,
            rounds: 'visit',
          },
        },
      },
      { id: 'refuse_discount', type: 'set', config: { values: { offer: '0' } } },
      {
        id: 'price',
        type: 'tool',
        config: {
          tool: 'calculator',
          arguments: {
            expression: 'round({{ state.net }} * (100 - {{ state.offer }}) / 100, 2)',
          },
          save: 'total',
        },
      },
      {
        id: 'approve_order',
        type: 'human',
        config: {
          title: 'Accept order {{ input.order.id }} over {{ state.total }} EUR?',
          description:
            '{{ input.order.customer.name }}, fraud score {{ state.fraud }}, discount {{ state.offer }} %.',
          subject: `{${FACTS}, ${DEAL}}`,
          allow: ['approve', 'reject'],
          save: 'approval',
        },
      },
      {
        id: 'accepted',
        type: 'end',
        config: {
          value: `{"decision": "accepted", "approvedBy": state.approval == null ? null : state.approval.by, ${FACTS}, ${DEAL}}`,
        },
      },
      {
        id: 'refused',
        type: 'end',
        config: {
          value: `{"decision": "refused", "reason": state.approval == null ? "fraud score" : state.approval.reason, ${FACTS}}`,
        },
      },
      {
        id: 'backordered',
        type: 'end',
        config: { value: `{"decision": "backordered", ${FACTS}}` },
      },
    ],
    edges: [
      { type: 'normal', from: 'read_warehouse', to: 'parse_stock' },
      { type: 'fanout', from: 'parse_stock', to: ['check_stock', 'sum_prices', 'score_fraud'] },
      { type: 'normal', from: 'sum_prices', to: 'sum_costs' },
      { type: 'normal', from: 'check_stock', to: 'gather' },
      { type: 'normal', from: 'sum_costs', to: 'gather' },
      { type: 'normal', from: 'score_fraud', to: 'gather' },
      {
        type: 'conditional',
        from: 'gather',
        cases: [
          { when: `state.fraud >= ${FRAUD_LIMIT}`, to: 'refused' },
          { when: 'size(state.missing) > 0', to: 'backordered' },
        ],
        else: 'negotiate',
      },
      {
        type: 'conditional',
        from: 'negotiate',
        cases: [
          { when: MARGIN_HOLDS, to: 'price' },
          { when: `visit < ${MAX_ROUNDS}`, to: 'negotiate' },
        ],
        else: 'refuse_discount',
      },
      { type: 'normal', from: 'refuse_discount', to: 'price' },
      {
        type: 'conditional',
        from: 'price',
        cases: [{ when: 'state.total > input.approvalLimit', to: 'approve_order' }],
        else: 'accepted',
      },
      {
        type: 'conditional',
        from: 'approve_order',
        cases: [{ when: 'result.decision == "approve"', to: 'accepted' }],
        else: 'refused',
      },
    ],
  },
};

/** Checks an order from three sides at once, haggles over the discount, asks a person when it is large. */
export const ORDER_REVIEW: DemoAgent = {
  name: 'order-review',
  description: 'Checks stock, price and fraud in parallel, haggles, and asks a person when needed.',
  spec,
  sampleInput: { order: SAMPLE_ORDER, approvalLimit: 1_000 },
};
