import type { ScriptTurn } from '../../contracts/agent-spec.ts';
import { celText, holdsOneOf, toolAnswer } from '../demo-agent.ts';

/** Category, and the words that tell it; the first that fits counts, `question` if none does. */
const CATEGORY_WORDS: readonly (readonly [string, readonly string[]])[] = [
  ['security', ['unknown login', 'phishing', 'hacked', 'suspicious', 'leaked', 'stolen']],
  ['outage', ['outage', 'is down', ' 503', 'not reachable', 'nobody here gets in']],
  ['access', ['locked out', 'two-factor', 'recovery code', 'cannot sign in', 'reset my password']],
  ['billing', ['invoice', 'charged', 'refund', 'payment', 'credit card']],
  ['cancellation', ['cancel', 'close our account', 'terminate']],
  ['bug', ['bug', 'error', 'crash', 'wrong', 'fails', 'broken']],
  ['feature', ['would be great', 'feature', 'could you add', 'wish']],
];
const URGENT_CATEGORIES = ['security', 'outage'];
const URGENT_WORDS = ['today', 'tomorrow', 'urgent', 'immediately', 'cannot work', 'as soon as'];
const PATIENT_WORDS = ['no hurry', 'no need to', 'whenever you'];

const FOLDER = toolAnswer('read_folder');

function categoryOf(text: string): string {
  return CATEGORY_WORDS.reduceRight(
    (otherwise, [category, words]) =>
      `(${holdsOneOf(text, words)} ? ${celText(category)} : ${otherwise})`,
    celText('question'),
  );
}

function urgencyOf(ticket: string): string {
  const urgent = `${ticket}.category in ${JSON.stringify(URGENT_CATEGORIES)}`;
  const patient = holdsOneOf(`${ticket}.text`, PATIENT_WORDS);
  return `(${urgent} || ${holdsOneOf(`${ticket}.text`, URGENT_WORDS)} ? "high" : ${ticket}.category == "feature" || ${patient} ? "low" : "normal")`;
}

const SUBJECT =
  'f.text.contains("Subject:") ? f.text.split("Subject:")[1].split("\\n")[0].trim() : f.text.split("\\n")[0]';

/** CEL: the tickets, read and judged. */
const JUDGED = [
  `${FOLDER}.map(f, {"file": f.name, "summary": ${SUBJECT}, "text": f.text.lowerAscii()})`,
  `.map(t, {"file": t.file, "summary": t.summary, "text": t.text, "category": ${categoryOf('t.text')}})`,
  `.map(t, {"file": t.file, "category": t.category, "urgency": ${urgencyOf('t')}, "summary": t.summary})`,
].join('');

const URGENT_COUNT = `size(${JUDGED}.filter(t, t.urgency == "high"))`;
const SHARE = `"round(100 * " + string(${URGENT_COUNT}) + " / max(1, " + string(size(${FOLDER})) + "), 1)"`;

/** What triages offline: reads the folder, counts and looks at the clock at once, then judges. */
export const TRIAGE_SCRIPT = [
  {
    when: 'turn == 1',
    say: 'I read the tickets first.',
    call: [{ tool: 'read_folder', arguments: { folder: '{{ last.split("\\"")[1] }}' } }],
  },
  {
    when: 'turn == 2',
    say: `I have {{ size(${FOLDER}) }} tickets. I work out the share of urgent ones and look at the clock.`,
    calls: `[{"tool": "calculator", "arguments": {"expression": ${SHARE}}}, {"tool": "current_time", "arguments": {"timeZone": "UTC"}}]`,
  },
  {
    output: `{"tickets": ${JUDGED}, "urgentShare": ${toolAnswer('calculator')}, "at": ${toolAnswer('current_time')}.iso}`,
  },
] as const satisfies readonly ScriptTurn[];

/** CEL: the rest of the line behind a label of the prompt. */
function line(label: string): string {
  return `last.split(${celText(`${label}: `)})[1].split("\\n")[0]`;
}

const REMARKS = line('Reviewers asked for');
const FINDINGS = 'last.split("Findings:\\n")[1].split("\\n")';
/** A finding's category is asked for when a remark names it. */
const ASKED_FOR = `${REMARKS}.lowerAscii().contains(l.split(" ")[2].replace(":", ""))`;
const ORDERED = `(${FINDINGS}.filter(l, ${ASKED_FOR}) + ${FINDINGS}.filter(l, !${ASKED_FOR}))`;

/** What writes offline: the findings as a report; categories that a reviewer names come first. */
export const REPORT_SCRIPT = [
  {
    say: [
      `# Support triage, version {{ ${line('Version')} }}`,
      `{{ ${line('Tickets')} }} tickets, {{ ${line('Urgent')} }} of them urgent, as of {{ ${line('Made at')} }}.`,
      `{{ ${ORDERED}.join("\\n") }}`,
      `{{ ${REMARKS} == "nothing yet" ? "No remarks so far." : "Changed as asked: " + ${REMARKS} }}`,
    ].join('\n\n'),
  },
] as const satisfies readonly ScriptTurn[];
