import type { JsonObject } from '../../contracts/json.ts';
import type { ScriptTurn } from '../../contracts/agent-spec.ts';

const LAST = 'messages[size(messages) - 1]';
const READ =
  'messages.filter(m, m.role == "tool" && m.name == "browser" && !m.isError && "text" in m.json)';
/** What the page said when it was read last. */
const ANSWER = `${READ}[size(${READ}) - 1].json.text`;

/** CEL: what the task says behind a label. */
function wish(label: string): string {
  return `messages[0].content.split("${label}: ")[1].split("\\n")[0]`;
}

function browse(args: JsonObject) {
  return [{ tool: 'browser', arguments: args }];
}

function outcome(booked: boolean, answer: string): string {
  const fee = `double(${ANSWER}.split("To pay: ")[1].split(" euros")[0])`;
  const reference = `${ANSWER}.split("Reference: ")[1]`;
  return `{"booked": ${String(booked)}, "answer": ${answer}, "fee": ${booked ? fee : 'null'}, "reference": ${booked ? reference : 'null'}}`;
}

/** What books offline: really fills the form in, and reads what the page answers. */
export const BOOKING_SCRIPT = [
  { when: 'turn == 1', say: 'I look at the form.', call: browse({ action: 'extract' }) },
  { when: `${LAST}.isError`, output: outcome(false, `${LAST}.content`) },
  {
    when: 'turn == 2',
    call: browse({ action: 'type', label: 'Name of the boat', text: `{{ ${wish('Boat')} }}` }),
  },
  {
    when: 'turn == 3',
    call: browse({
      action: 'type',
      label: 'Length in metres',
      text: `{{ ${wish('Metres')} }}`,
    }),
  },
  {
    when: 'turn == 4',
    call: browse({ action: 'type', label: 'Nights', text: `{{ ${wish('Nights')} }}` }),
  },
  {
    when: 'turn == 5',
    say: 'All is filled in. I book.',
    call: browse({ action: 'click', text: 'Book the berth' }),
  },
  { when: 'turn == 6', call: browse({ action: 'extract', selector: '#answer' }) },
  { when: `!${ANSWER}.contains("Reference: ")`, output: outcome(false, ANSWER) },
  {
    when: 'turn == 7',
    say: 'I keep a picture of it.',
    call: browse({ action: 'screenshot', path: 'booking.png' }),
  },
  {
    when: 'turn == 8',
    call: [{ tool: 'publish_artifact', arguments: { path: 'booking.png' } }],
  },
  { output: outcome(true, ANSWER) },
] satisfies readonly ScriptTurn[];
