import type { ScriptTurn } from '../../contracts/agent-spec.ts';

const LAST = 'messages[size(messages) - 1]';
const FAILED = `${LAST}.isError || (${LAST}.name == "run_code" && ${LAST}.json.exitCode != 0)`;
const REASON = `${LAST}.isError ? ${LAST}.content : ${LAST}.json.stderr.trim().split("\\n")[size(${LAST}.json.stderr.trim().split("\\n")) - 1]`;
const RAN = 'messages.filter(m, m.role == "tool" && m.name == "run_code")';
/** What the newest code has printed. */
const PRINTED = `${RAN}[size(${RAN}) - 1].json.stdout`;

/** CEL: what was printed behind a label. */
function figure(label: string): string {
  return `${PRINTED}.split("${label}: ")[1].split("\\n")[0]`;
}

const LABELS = [
  'total revenue',
  'best month',
  'revenue of best month',
  'best category',
  'revenue of best category',
] as const;
const [TOTAL, MONTH, IN_MONTH, CATEGORY, OF_CATEGORY] = LABELS.map(figure);

/** Takes the file for what such files usually are: with a decimal point. */
const FIRST_READING = `import pandas as pd

sales = pd.read_csv('sales.csv', sep=';')
sales['revenue'] = sales['revenue'].astype(float)
print(len(sales), 'rows,', sales['revenue'].sum(), 'in total')`;

const SECOND_READING = `sales = pd.read_csv('sales.csv', sep=';', decimal=',', thousands='.', dtype={'week': str})
sales['revenue'] = sales['revenue'].astype(float)
print(len(sales), 'rows,', sales['revenue'].sum(), 'in total')`;

const DRAWING = `import matplotlib.pyplot as plt

sales['month'] = pd.to_datetime(sales['week'], dayfirst=True).dt.strftime('%Y-%m')
months = sales.pivot_table(index='month', columns='category', values='revenue', aggfunc='sum')
axes = months.plot.bar(stacked=True, figsize=(9, 5), title='Revenue by month')
axes.set_xlabel('')
axes.set_ylabel('EUR')
plt.tight_layout()
plt.savefig('chart.png', dpi=110)

by_month, by_category = months.sum(axis=1), months.sum()
print(f'total revenue: {sales["revenue"].sum():.2f}')
print(f'best month: {by_month.idxmax()}')
print(f'revenue of best month: {by_month.max():.2f}')
print(f'best category: {by_category.idxmax()}')
print(f'revenue of best category: {by_category.max():.2f}')`;

const REPORT = `# Sales

![Revenue by month](chart.png)

- Total: {{ ${TOTAL} }} EUR
- Best month: {{ ${MONTH} }}, {{ ${IN_MONTH} }} EUR
- Best category: {{ ${CATEGORY} }}, {{ ${OF_CATEGORY} }} EUR
`;

const SUMMARY = `"Revenue was " + ${TOTAL} + " EUR in total. The best month was " + ${MONTH} + " with " + ${IN_MONTH} + " EUR, the best category " + ${CATEGORY} + " with " + ${OF_CATEGORY} + " EUR."`;

function run(code: string) {
  return [{ tool: 'run_code', arguments: { language: 'python', code } }];
}

/** What analyses offline: really runs code, and learns of the decimal comma from its error. */
export const ANALYSIS_SCRIPT = [
  { when: 'turn == 1', say: 'I read the table first.', call: run(FIRST_READING) },
  {
    when: `turn == 2 && (${FAILED})`,
    say: `That failed with "{{ ${REASON} }}". I read the numbers with a decimal comma.`,
    call: run(SECOND_READING),
  },
  {
    when: FAILED,
    output: `{"summary": "The table could not be analysed: " + (${REASON}), "figures": []}`,
  },
  {
    when: `${LAST}.name == "run_code" && !${PRINTED}.contains("best month: ")`,
    say: 'Now I add up by month and draw.',
    call: run(DRAWING),
  },
  {
    when: `${LAST}.name == "run_code"`,
    say: 'I write the report.',
    call: [{ tool: 'write_file', arguments: { path: 'report.md', content: REPORT } }],
  },
  {
    when: `${LAST}.name == "write_file"`,
    say: 'I hand chart and report over.',
    call: [
      { tool: 'publish_artifact', arguments: { path: 'chart.png' } },
      { tool: 'publish_artifact', arguments: { path: 'report.md' } },
    ],
  },
  {
    output: `{"summary": ${SUMMARY}, "figures": [${LABELS.map((label) => `{"name": "${label}", "value": ${figure(label)}}`).join(', ')}]}`,
  },
] satisfies readonly ScriptTurn[];
