import type { JsonObject, JsonSchema } from '../../contracts/json.ts';

const COUNTRY: JsonSchema = { type: 'string', pattern: '^[A-Z]{2}$' };

/** What the agent takes: an order, and the amount above which a person decides. */
export const ORDER_INPUT: JsonSchema = {
  type: 'object',
  properties: {
    order: {
      type: 'object',
      properties: {
        id: { type: 'string' },
        customer: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            country: COUNTRY,
            ordersBefore: { type: 'integer', minimum: 0 },
          },
          required: ['name', 'country', 'ordersBefore'],
          additionalProperties: false,
        },
        shipTo: COUNTRY,
        items: {
          type: 'array',
          minItems: 1,
          maxItems: 20,
          items: {
            type: 'object',
            properties: {
              sku: { type: 'string' },
              quantity: { type: 'integer', minimum: 1 },
              unitPrice: { type: 'number', exclusiveMinimum: 0 },
            },
            required: ['sku', 'quantity', 'unitPrice'],
            additionalProperties: false,
          },
        },
        discountPercent: { type: 'number', minimum: 0, maximum: 100 },
      },
      required: ['id', 'customer', 'shipTo', 'items', 'discountPercent'],
      additionalProperties: false,
    },
    approvalLimit: { type: 'number', minimum: 0 },
  },
  required: ['order', 'approvalLimit'],
  additionalProperties: false,
};

/** An order whose discount is too high for its margin at first, and large enough for a person. */
export const SAMPLE_ORDER: JsonObject = {
  id: 'A-1042',
  customer: { name: 'Hotel Seeblick', country: 'DE', ordersBefore: 6 },
  shipTo: 'DE',
  items: [
    { sku: 'LAMP-01', quantity: 20, unitPrice: 32 },
    { sku: 'CHAIR-07', quantity: 8, unitPrice: 95 },
  ],
  discountPercent: 20,
};
