import type { FullSpec } from '../../contracts/agent-spec.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import type { DemoAgent } from '../demo-agent.ts';
import { REPORT_SCRIPT, TRIAGE_SCRIPT } from './script.ts';

const CATEGORIES = [
  'security',
  'outage',
  'access',
  'billing',
  'cancellation',
  'bug',
  'feature',
  'question',
];

const TICKETS: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      file: { type: 'string' },
      category: { enum: CATEGORIES },
      urgency: { enum: ['high', 'normal', 'low'] },
      summary: { type: 'string' },
    },
    required: ['file', 'category', 'urgency', 'summary'],
    additionalProperties: false,
  },
};

const TRIAGE: JsonSchema = {
  type: 'object',
  properties: {
    tickets: TICKETS,
    urgentShare: { type: 'number', description: 'percent of the tickets, one decimal' },
    at: { type: 'string', description: 'when this was judged, ISO 8601' },
  },
  required: ['tickets', 'urgentShare', 'at'],
  additionalProperties: false,
};

const FINDING = '"- **" + t.urgency + "** " + t.category + ": " + t.summary + " (" + t.file + ")"';
const byUrgency = (urgency: string): string =>
  `state.triage.tickets.filter(t, t.urgency == "${urgency}").map(t, ${FINDING})`;
const REMARKS =
  'state.reviews.filter(r, r.decision == "reject").map(r, r.reason == null ? "another version" : r.reason).join("; ")';

const REPORT_PROMPT = `Write the triage report for the head of support in Markdown: a heading with the version, one
sentence with the numbers, then the findings, urgent ones first. Follow what reviewers asked for.
Say nothing that is not in the findings.

Version: {{ visit }}
Made at: {{ state.triage.at }}
Tickets: {{ size(state.triage.tickets) }}
Urgent: {{ state.triage.urgentShare }} %
Reviewers asked for: {{ size(state.reviews) == 0 ? "nothing yet" : ${REMARKS} }}

Findings:
{{ (${byUrgency('high')} + ${byUrgency('normal')} + ${byUrgency('low')}).join("\\n") }}`;

const LAST_REVIEW = 'state.reviews[size(state.reviews) - 1]';

const spec: FullSpec = {
  input: {
    type: 'object',
    properties: { folder: { type: 'string', description: 'folder of tickets below the inputs' } },
    required: ['folder'],
    additionalProperties: false,
  },
  // Three calls judge the tickets, each version of the report is one more: five versions at most.
  budgets: { maxModelCalls: 8, maxSteps: 60 },
  graph: {
    start: 'triage',
    channels: {
      triage: { reducer: 'replace' },
      report: { reducer: 'replace' },
      reviews: { reducer: 'append', default: [] },
    },
    nodes: [
      {
        id: 'triage',
        type: 'agent',
        config: {
          model: { provider: 'default', script: TRIAGE_SCRIPT },
          instructions: `You triage support tickets. First read the folder. Then, in one answer, call calculator for the
share of tickets with high urgency in percent and current_time for the date. Urgency is high when
work stands still, money or data is in danger, or a deadline is at most a day away; low when the
customer says that it can wait or wishes for something new. A summary is one short line.`,
          prompt: 'Triage the tickets in the folder "{{ input.folder }}".',
          tools: [
            { name: 'read_folder', approval: 'never' },
            { name: 'calculator', approval: 'never' },
            { name: 'current_time', approval: 'never' },
          ],
          output: TRIAGE,
          save: 'triage',
          maxTurns: 6,
        },
      },
      {
        id: 'write_report',
        type: 'model',
        config: {
          model: { provider: 'default', script: REPORT_SCRIPT },
          instructions: 'You write short, exact reports.',
          prompt: REPORT_PROMPT,
          save: 'report',
        },
      },
      {
        id: 'approve_report',
        type: 'human',
        config: {
          title: 'Approve version {{ visit }} of the triage report',
          description:
            'Approve it, edit its text, or reject it with a reason: a new version follows the reason.',
          subject: 'state.report',
          form: { type: 'string', minLength: 1 },
          allow: ['approve', 'edit', 'reject'],
          save: 'reviews',
        },
      },
      {
        id: 'publish',
        type: 'end',
        config: {
          value: `{"report": ${LAST_REVIEW}.value, "decision": ${LAST_REVIEW}.decision, "approvedBy": ${LAST_REVIEW}.by, "versions": size(state.reviews), "tickets": state.triage.tickets, "urgentShare": state.triage.urgentShare}`,
        },
      },
    ],
    edges: [
      { type: 'normal', from: 'triage', to: 'write_report' },
      { type: 'normal', from: 'write_report', to: 'approve_report' },
      {
        type: 'conditional',
        from: 'approve_report',
        cases: [{ when: 'result.decision == "reject"', to: 'write_report' }],
        else: 'publish',
      },
    ],
  },
};

/** Reads a folder of support tickets, judges each, and writes a report that a person approves. */
export const TICKET_TRIAGE: DemoAgent = {
  name: 'ticket-triage',
  description: 'Reads a folder of support tickets and writes a report that a person approves.',
  spec,
  sampleInput: { folder: 'ticket-triage/tickets' },
};
