import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FullSpec } from '../../contracts/agent-spec.ts';
import type { DemoAgent } from '../demo-agent.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import { ANALYSIS_SCRIPT } from './script.ts';

const SALES = readFileSync(join(import.meta.dirname, 'sales.csv'), 'utf8');

const ANALYSIS: JsonSchema = {
  type: 'object',
  properties: {
    summary: { type: 'string', description: 'two or three sentences with the numbers' },
    figures: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, value: { type: 'string' } },
        required: ['name', 'value'],
        additionalProperties: false,
      },
    },
  },
  required: ['summary', 'figures'],
  additionalProperties: false,
};

const FIRST_LINES = `with open('sales.csv', encoding='utf-8') as file:
    lines = file.read().splitlines()
{'lines': len(lines), 'first': lines[:3]}`;

const spec: FullSpec = {
  input: {
    type: 'object',
    properties: {
      csv: { type: 'string', minLength: 1, description: 'week;category;units;revenue' },
    },
    required: ['csv'],
    additionalProperties: false,
  },
  budgets: { maxModelCalls: 20, maxToolCalls: 30 },
  // A process of this machine may lack pandas; containers bring it along.
  sandbox: { level: 'docker', image: 'python' },
  graph: {
    start: 'keep',
    channels: { look: { reducer: 'replace' }, analysis: { reducer: 'replace' } },
    nodes: [
      {
        id: 'keep',
        type: 'tool',
        config: {
          tool: 'write_file',
          arguments: { path: 'sales.csv', content: '{{ input.csv }}' },
        },
      },
      {
        id: 'look',
        type: 'code',
        config: { language: 'python', code: FIRST_LINES, input: null, save: 'look' },
      },
      {
        id: 'analyse',
        type: 'agent',
        config: {
          model: { provider: 'default', script: ANALYSIS_SCRIPT },
          instructions: `You analyse the sales of a shop with run_code: Python with pandas and matplotlib. Where code
fails, read its error and mend it. Take every number from what your code prints, never from your
head. Draw the revenue of each month, stacked by category, as chart.png; write report.md, short
Markdown that shows the chart; publish both with publish_artifact. Then answer with a summary, and
as figures total revenue, best month, revenue of best month, best category and revenue of best
category.`,
          prompt: `The file sales.csv has {{ state.look.lines }} lines. The first are:

{{ state.look.first.join("\\n") }}`,
          tools: [
            { name: 'run_code', approval: 'never' },
            { name: 'files', approval: 'never' },
            { name: 'publish_artifact', approval: 'never' },
          ],
          output: ANALYSIS,
          save: 'analysis',
          maxTurns: 15,
        },
      },
      { id: 'done', type: 'end', config: { value: 'state.analysis' } },
    ],
    edges: [
      { type: 'normal', from: 'keep', to: 'look' },
      { type: 'normal', from: 'look', to: 'analyse' },
      { type: 'normal', from: 'analyse', to: 'done' },
    ],
  },
};

/** Analyses a table with code that it writes, draws a chart, and hands chart and report over. */
export const CSV_ANALYSIS: DemoAgent = {
  name: 'csv-analysis',
  description: 'Analyses a CSV with Python in a sandbox and publishes a chart and a report.',
  spec,
  sampleInput: { csv: SALES },
};
